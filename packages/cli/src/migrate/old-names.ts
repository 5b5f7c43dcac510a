// SPDX-License-Identifier: Apache-2.0
// Names of https://github.com/mitre/kube-secure-scanner, as its workflows, pipelines and pages have them.
import { type InputName, inputs } from '@cinc-scan/core';

export type Meaning =
  /** An input of ours; the value may need another form. `undefined`: it has none here. */
  { kind: 'input'; input: InputName; convert?: (value: string) => string | undefined } | { kind: 'none'; why: string };

const input = (name: InputName, convert?: (value: string) => string | undefined): Meaning => ({
  kind: 'input',
  input: name,
  ...(convert && { convert }),
});
const none = (why: string): Meaning => ({ kind: 'none', why });

const byLabel = (value: string) => `-l ${value}`;
const minutes = (value: string) => (/^\d+$/.test(value) ? `${Math.max(10, Number(value))}m` : undefined);
const seconds = (value: string) => (/^\d+$/.test(value) ? `${Math.max(600, Number(value))}s` : value);
const lens = (value: string) => inputs.lens.choices.find(known => known === value);
const flag = (value: string) => (/^(true|1|yes)$/i.test(value) ? 'true' : 'false');
const level = (value: string) =>
  ({ error: 'quiet', warn: 'quiet', warning: 'quiet', info: 'info', verbose: 'verbose', debug: 'debug' })[
    value.toLowerCase()
  ];
const reports = (value: string) =>
  value
    .split(/[\s,]+/)
    .flatMap(
      kind => ({ json: 'hdf', hdf: 'hdf', markdown: 'markdown', html: 'html', csv: 'csv', junit: 'junit' })[kind] ?? [],
    )
    .join(',') || undefined;

const deploy = none('deploying what is scanned is a step of its own, not an input of the scan');
const distroless = none('not needed: `lens: auto` finds out whether a container has a shell');
const credentials = none('credentials are secrets, not inputs: set CINC_SCAN_KUBECONFIG, or CINC_SCAN_TOKEN for OIDC');
const internal = none('removed: the credentials of the scan never leave its process');
const output = (name: string) => none(`an output: read \`${name}\` of outputs.json, or of \`cinc-scan outputs\``);
const jobKey = none('a key of the job, not of the scan');

const names: Record<string, Meaning> = {
  target_namespace: input('namespace'),
  scan_namespace: input('namespace'),
  SCAN_NAMESPACE: input('namespace'),
  KUBERNETES_NAMESPACE: input('namespace'),
  KUBE_NAMESPACE: input('namespace'),
  target_label: input('targets', byLabel),
  scan_label: input('targets', byLabel),
  TARGET_LABEL: input('targets', byLabel),
  TARGET_LABEL_SELECTOR: input('targets', byLabel),
  LABEL_SELECTOR: input('targets', byLabel),
  SCAN_LABEL_KEY: none('one half of a label: see targets'),
  SCAN_LABEL_VALUE: none('one half of a label: see targets'),
  KUBE_POD_NAME: input('targets'),
  KUBE_CONTAINER_NAME: input('container'),
  KUBE_CONTEXT: input('context'),
  cinc_profile: input('profile'),
  CINC_PROFILE: input('profile'),
  CINC_PROFILE_PATH: input('profile'),
  INSPEC_PROFILE: input('profile'),
  profile: input('profile'),
  threshold: input('threshold'),
  threshold_file: input('threshold'),
  THRESHOLD_VALUE: input('threshold'),
  THRESHOLD_SCORE: input('threshold'),
  input_file: input('input-file'),
  DURATION_MINUTES: input('duration', minutes),
  SCANNER_TOKEN_DURATION: input('duration', seconds),
  RESULTS_DIR: input('output-dir'),
  REPORT_FORMAT: input('reports', reports),
  SCANNER_LOG_LEVEL: input('log-level', level),
  SCANNER_TRANSPORT: input('lens', lens),
  DEBUG_CONTAINER_IMAGE: input('lens-image'),
  SIDECAR_SCANNER_IMAGE: input('lens-image'),
  SCAN_ALL_CONTAINERS: input('all-containers', flag),
  target_image: deploy,
  image_tag: deploy,
  minikube_version: deploy,
  kubernetes_version: deploy,
  is_distroless: distroless,
  DISTROLESS: distroless,
  IS_DISTROLESS: distroless,
  KUBE_CONFIG: credentials,
  PIPELINE_KUBECONFIG: credentials,
  CA_FILE: credentials,
  SCANNER_NAMESPACE: none('grants live in the namespaces of the targets; `grant-namespace` can name another'),
  ADDITIONAL_PROFILE_ANNOTATION: none('a profile named by the pod would let its owner choose the checks'),
  TARGET_POD: output('targets-json'),
  TARGET_CONTAINER: output('targets-json'),
  THRESHOLD_PASSED: output('verdict'),
  SCANNER_TOKEN: internal,
  CLUSTER_SERVER: internal,
  CLUSTER_CA_DATA: internal,
  stage: jobKey,
  image: jobKey,
};

/** By name; a map, since names come from files. */
export const oldNames: ReadonlyMap<string, Meaning> = new Map(Object.entries(names));

interface OldCommand {
  /** Where the words after it stand in the new command; undefined where there is no such command. */
  rewrite?: (words: string[]) => string;
  why?: string;
}

const scan = ([
  namespace = '<namespace>',
  pod = '<pod>',
  container = '<container>',
  profile = '<profile>',
  threshold,
]: string[]) =>
  [
    `cinc-scan scan ${pod} -n ${namespace} --container ${container} --profile ${profile}`,
    ...(threshold === undefined ? [] : [`--threshold ${threshold}`]),
  ].join(' ');

const after = (words: string[], ...flags: string[]) =>
  words.find((_, index) => flags.includes(words[index - 1] ?? '')) ?? '<file>';

const gate = (words: string[]) =>
  `cinc-scan gate -i ${after(words, '-i', '--input')} -T ${after(words, '-T', '-t', '-F', '--templateFile')}`;

export const oldCommands: Record<string, OldCommand> = {
  'scan-container.sh': { rewrite: scan },
  'scan-distroless-container.sh': { rewrite: scan, why: '`lens: auto` takes the debug lens where there is no shell' },
  'scan-with-sidecar.sh': {
    rewrite: ([namespace = '<namespace>', , profile = '<profile>', threshold]) =>
      `cinc-scan sidecar inject, then ${scan([namespace, '<pod>', '<container>', profile, ...(threshold === undefined ? [] : [threshold])])}`,
    why: 'the image has no equivalent: an idle copy was scanned, not what runs',
  },
  'generate-kubeconfig.sh': {
    rewrite: ([namespace = '<namespace>']) => `cinc-scan grant <pod> -n ${namespace} --out scanner.kubeconfig`,
    why: 'a scan makes and revokes its own grant; by hand only where another tool needs it',
  },
  'setup-minikube.sh': { why: './dev demo and ./dev cluster of cinc-scan make a cluster to try' },
  'install-all.sh': { rewrite: () => 'cinc-scan access operator-role -n <namespace> | kubectl apply -f -' },
  'saf validate threshold': { rewrite: gate },
  'saf threshold': { rewrite: gate, why: 'there is no such command of SAF' },
  'saf generate threshold': {
    rewrite: words =>
      `cinc-scan threshold generate -i ${after(words, '-i', '--input')} --margin ${after(words, '--margin').replace('<file>', '0')}`,
  },
};
