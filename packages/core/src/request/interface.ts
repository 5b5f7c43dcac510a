// SPDX-License-Identifier: Apache-2.0
// Every input there is, once. Schema, command line, environment names, configuration file, action.yml, documentation and
// the adapters of all CI systems are made from this list.

import type { Secret } from './secret.ts';

export type Group = 'target' | 'profile' | 'gate' | 'access' | 'report' | 'run';

interface Common {
  group: Group;
  description: string;
  example: string;
  since: string;
  /** One letter for the command line. */
  short?: string;
}

/** What a text, or each item of a list, has to look like. */
interface Pattern {
  /** Of a regular expression that matches the whole text. */
  source: string;
  /** Completes "expected …". */
  means: string;
}

interface TextInput extends Common {
  type: 'text';
  pattern?: Pattern;
  default?: string;
}
/** One path or text that is wrapped as soon as it is read. */
interface SecretInput extends Common {
  type: 'secret';
}
interface ListInput extends Common {
  type: 'list';
  pattern?: Pattern;
  /** What separates items in one text; items of label selectors hold commas. */
  separator: 'line' | 'comma';
  default?: readonly string[];
}
interface FlagInput extends Common {
  type: 'flag';
  default?: boolean;
}
interface ChoiceInput extends Common {
  type: 'choice';
  choices: readonly string[];
  default?: string;
}
/** Text with a unit (`15m`, `900s`, `PT15M`); the value is in seconds. */
interface DurationInput extends Common {
  type: 'duration';
  default: string;
  min: number;
  max: number;
}
interface CountInput extends Common {
  type: 'count';
  default: number;
  min: number;
  max: number;
}

export type Input = TextInput | SecretInput | ListInput | FlagInput | ChoiceInput | DurationInput | CountInput;

const day = 86_400;

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
const dnsLabel = {
  source: '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?',
  means: 'up to 63 lower-case letters, digits and dashes',
};

export const inputs = {
  targets: {
    group: 'target',
    type: 'list',
    separator: 'line',
    description: 'What to scan: pod name, deployment/NAME, statefulset/NAME, daemonset/NAME, or labels (-l app=web)',
    example: 'deployment/web',
    since: '0.1.0',
  },
  namespace: {
    group: 'target',
    type: 'list',
    separator: 'comma',
    pattern: dnsLabel,
    short: 'n',
    description: "Namespace of the targets; several are scanned one after the other (default: the context's)",
    example: 'shop',
    since: '0.1.0',
  },
  container: {
    group: 'target',
    type: 'text',
    pattern: dnsLabel,
    short: 'c',
    description: 'Container of each pod, where it has several',
    example: 'app',
    since: '0.1.0',
  },
  'all-containers': {
    group: 'target',
    type: 'flag',
    description: 'Scan every container of each pod',
    example: 'true',
    since: '0.1.0',
  },
  lens: {
    group: 'target',
    type: 'choice',
    choices: ['auto', 'exec', 'debug', 'sidecar'],
    default: 'auto',
    description:
      'How to look into a container: exec with its own shell, debug from an ephemeral container beside it (Kubernetes 1.25 or later), sidecar from a container that was injected; auto takes an injected one, else exec, and debug where there is no shell',
    example: 'exec',
    since: '0.1.0',
  },
  'lens-image': {
    group: 'target',
    type: 'text',
    description: 'Tools image for the debug lens; without one auto does not use it',
    example: 'registry.example.org/cinc-scan-tools@sha256:…',
    since: '0.1.0',
  },
  'require-view': {
    group: 'target',
    type: 'choice',
    choices: ['any', 'full'],
    default: 'any',
    description:
      'What has to be seen of a container: full ends targets of which security settings let only files be seen with an error; any judges what could be seen, and the rest is not reviewed',
    example: 'full',
    since: '0.1.0',
  },
  'allow-empty': {
    group: 'target',
    type: 'flag',
    description: 'Accept selectors that match nothing',
    example: 'true',
    since: '0.1.0',
  },
  profile: {
    group: 'profile',
    type: 'list',
    separator: 'line',
    short: 'p',
    description:
      'Profile to run, several one by one: a directory or archive, https://…#sha256=DIGEST, git+https://…#ref=REF&path=FOLDER (git+ssh, git+file), or configmap:[NAMESPACE/]NAME',
    example: './profile',
    since: '0.1.0',
  },
  'annotated-profiles': {
    group: 'profile',
    type: 'list',
    separator: 'line',
    description:
      'Profiles that a pod may name in its annotation cinc-scan.dev/profile, run in addition to --profile; a trailing * stands for any rest (default: annotations are ignored)',
    example: 'git+https://git.example.org/profiles/*',
    since: '0.1.0',
  },
  'profile-credentials': {
    group: 'profile',
    type: 'secret',
    description:
      'Credentials for private profiles, a YAML mapping of hosts to {bearer: TOKEN} or {username: NAME, password: PASSWORD}: the path of a file with it, or the mapping itself in the environment',
    example: './credentials.yml',
    since: '0.1.0',
  },
  offline: {
    group: 'profile',
    type: 'flag',
    description: 'Fetch nothing: profiles, their dependencies and the engine are taken from this machine',
    example: 'true',
    since: '0.1.0',
  },
  'input-file': {
    group: 'profile',
    type: 'list',
    separator: 'line',
    description: 'YAML file with values for inputs of the profile',
    example: './inputs.yml',
    since: '0.1.0',
  },
  input: {
    group: 'profile',
    type: 'list',
    separator: 'line',
    description: 'A value for an input of the profile, NAME=VALUE',
    example: 'max_sessions=5',
    since: '0.1.0',
  },
  controls: {
    group: 'profile',
    type: 'list',
    separator: 'comma',
    description: 'Run only these controls: ids, or /regular expressions/',
    example: 'sshd-01,/^pam-/',
    since: '0.1.0',
  },
  tags: {
    group: 'profile',
    type: 'list',
    separator: 'comma',
    description: 'Run only controls with these tags',
    example: 'nist',
    since: '0.1.0',
  },
  waivers: {
    group: 'profile',
    type: 'list',
    separator: 'line',
    description: 'Waiver file (YAML, JSON or CSV): controls that are accepted for now, with a justification',
    example: './waivers.yml',
    since: '0.1.0',
  },
  threshold: {
    group: 'gate',
    type: 'text',
    description:
      'Threshold: a file, inline bounds, or a bare number for compliance.min (default: every control passes or is waived)',
    example: './threshold.yml',
    since: '0.1.0',
  },
  'fail-on': {
    group: 'gate',
    type: 'choice',
    choices: ['low', 'medium', 'high', 'critical'],
    description: 'Fail on any failed or errored control of this severity or above',
    example: 'high',
    since: '0.1.0',
  },
  baseline: {
    group: 'gate',
    type: 'text',
    description:
      'Result file of an earlier scan, or the folder of one with a file for each target: fail on what got worse since',
    example: './baseline.json',
    since: '0.1.0',
  },
  'baseline-missing': {
    group: 'gate',
    type: 'choice',
    choices: ['fail', 'all-new'],
    default: 'fail',
    description: 'What a baseline that is not there means: an error, or that every failure is new',
    example: 'all-new',
    since: '0.1.0',
  },
  strict: {
    group: 'gate',
    type: 'flag',
    description: 'Judge every profile, compare percentages exactly, and enforce what would be a warning',
    example: 'true',
    since: '0.1.0',
  },
  'all-profiles': {
    group: 'gate',
    type: 'flag',
    description: 'Judge every profile of a result, not only the first',
    example: 'true',
    since: '0.1.0',
  },
  rounding: {
    group: 'gate',
    type: 'choice',
    choices: ['saf', 'none'],
    default: 'saf',
    description: 'Compliance in whole percent as the SAF CLI rounds it, or exact',
    example: 'none',
    since: '0.1.0',
  },
  'report-only': {
    group: 'gate',
    type: 'flag',
    description: 'Exit with 0 where the threshold, and nothing else, was not met',
    example: 'true',
    since: '0.1.0',
  },
  kubeconfig: {
    group: 'access',
    type: 'secret',
    description: 'Kubeconfig: a path, or its content (default: KUBECONFIG, ~/.kube/config, or the in-cluster account)',
    example: './kubeconfig',
    since: '0.1.0',
  },
  context: {
    group: 'access',
    type: 'text',
    description: 'Context of the kubeconfig',
    example: 'staging',
    since: '0.1.0',
  },
  token: {
    group: 'access',
    type: 'secret',
    description:
      "Bearer token to present instead of the kubeconfig's credentials, such as an OIDC token of the CI system: the path of a file with it, or the token itself in the environment",
    example: '/var/run/secrets/token',
    since: '0.1.0',
  },
  access: {
    group: 'access',
    type: 'choice',
    choices: ['grant', 'existing'],
    default: 'grant',
    description: 'Make a temporary identity for the scan, or use the given one as it is',
    example: 'existing',
    since: '0.1.0',
  },
  duration: {
    group: 'access',
    type: 'duration',
    default: '15m',
    min: 600,
    max: day,
    description: 'Life of the temporary identity, 10m at least (15m, 900s, PT15M)',
    example: '20m',
    since: '0.1.0',
  },
  'grant-namespace': {
    group: 'access',
    type: 'text',
    pattern: dnsLabel,
    description: 'Namespace for the ServiceAccounts of the temporary identity (default: beside the pods)',
    example: 'scanners',
    since: '0.1.0',
  },
  'grant-labels': {
    group: 'access',
    type: 'list',
    separator: 'comma',
    description: 'Labels for the objects of the temporary identity, NAME=VALUE',
    example: 'team=payments,owner=ada',
    since: '0.1.0',
  },
  reports: {
    group: 'report',
    type: 'list',
    separator: 'comma',
    default: ['hdf', 'markdown'],
    description: 'Reports to write, KIND or KIND:PATH; path - is standard output',
    example: 'markdown,junit:out/junit.xml',
    since: '0.1.0',
  },
  'output-dir': {
    group: 'report',
    type: 'text',
    short: 'o',
    default: 'cinc-scan-results',
    description: 'Folder for reports',
    example: 'out',
    since: '0.1.0',
  },
  push: {
    group: 'report',
    type: 'list',
    separator: 'line',
    description: 'Place to send the results to, heimdall=URL or webhook=URL; one that fails changes no exit code',
    example: 'heimdall=https://heimdall.example.org',
    since: '0.1.0',
  },
  'heimdall-api-key': {
    group: 'report',
    type: 'secret',
    description: 'API key for the Heimdall server: the path of a file with it, or the key itself in the environment',
    example: './heimdall.key',
    since: '0.1.0',
  },
  'webhook-secret': {
    group: 'report',
    type: 'secret',
    description:
      'Secret that signs what is sent to webhooks (HMAC-SHA-256): the path of a file with it, or the secret itself in the environment',
    example: './webhook.secret',
    since: '0.1.0',
  },
  'push-insecure': {
    group: 'report',
    type: 'flag',
    description: 'Allow pushes over http to other machines',
    example: 'true',
    since: '0.1.0',
  },
  'log-format': {
    group: 'report',
    type: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    description: 'Log for people, or JSON lines for machines',
    example: 'json',
    since: '0.1.0',
  },
  'log-level': {
    group: 'report',
    type: 'choice',
    choices: ['quiet', 'info', 'verbose', 'debug'],
    default: 'info',
    description: 'How much to say',
    example: 'verbose',
    since: '0.1.0',
  },
  engine: {
    group: 'run',
    type: 'choice',
    choices: ['auto', 'system', 'gems', 'download'],
    default: 'auto',
    description:
      'Auditor to use: an installed CINC Auditor (system), the locked gems, or a package from engine-url (download); auto takes an installed one, else the package if one is named, else the gems',
    example: 'gems',
    since: '0.1.0',
  },
  'engine-url': {
    group: 'run',
    type: 'text',
    description:
      'Package of CINC Auditor to unpack and run, without installing it: an https address or an absolute path, ending in .deb or .tar.gz',
    example: 'https://packages.example.org/cinc-auditor_5.22.80-1_amd64.deb',
    since: '0.1.0',
  },
  'engine-sha256': {
    group: 'run',
    type: 'text',
    description: 'SHA-256 of that package; nothing of it is unpacked before it fits',
    example: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    since: '0.1.0',
  },
  'engine-ca': {
    group: 'run',
    type: 'text',
    description: 'Certificate authorities (PEM file) of the server that has the package, instead of the usual ones',
    example: './mirror-ca.pem',
    since: '0.1.0',
  },
  timeout: {
    group: 'run',
    type: 'duration',
    default: '10m',
    min: 1,
    max: day,
    description: 'Longest time for one target',
    example: '5m',
    since: '0.1.0',
  },
  deadline: {
    group: 'run',
    type: 'duration',
    default: '1h',
    min: 1,
    max: day,
    description: 'Longest time for the whole run; targets not audited by then are reported as unreached',
    example: '30m',
    since: '0.1.0',
  },
  concurrency: {
    group: 'run',
    type: 'count',
    default: 4,
    min: 1,
    max: 64,
    description: 'Targets looked at side by side',
    example: '8',
    since: '0.1.0',
  },
  'dry-run': {
    group: 'run',
    type: 'flag',
    description: 'Plan and print what would be made and scanned, and touch nothing',
    example: 'true',
    since: '0.1.0',
  },
  'run-id': {
    group: 'run',
    type: 'text',
    // Part of object names in the cluster, with room for a prefix.
    pattern: {
      source: '[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?',
      means: 'up to 40 lower-case letters, digits and dashes',
    },
    description: 'Name of this run in the cluster and in reports (lower-case letters, digits, dashes; default: random)',
    example: 'build-4711',
    since: '0.1.0',
  },
} as const satisfies Record<string, Input>;

export type InputName = keyof typeof inputs;

export type ValueOf<I extends Input> = I extends ListInput
  ? string[]
  : I extends FlagInput
    ? boolean
    : I extends DurationInput | CountInput
      ? number
      : I extends ChoiceInput
        ? I['choices'][number] | (I extends { default: string } ? never : undefined)
        : I extends SecretInput
          ? Secret | undefined
          : I extends { default: string }
            ? string
            : string | undefined;

/** All inputs with their values, defaults filled in. */
export type Values = { [K in InputName]: ValueOf<(typeof inputs)[K]> };

export const inputNames: InputName[] = parseNames(Object.keys(inputs));

function parseNames(names: string[]): InputName[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the constant above
  return names as InputName[];
}

/** `CINC_SCAN_OUTPUT_DIR` for `output-dir`. */
export function environmentName(name: InputName): string {
  return `CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`;
}

/** Exit codes as users meet them (docs, adapters). */
export const exitCodes = {
  0: 'every target was audited, and the gate is met',
  2: 'usage or configuration error; nothing was touched',
  3: 'audited, and below the threshold',
  4: 'a target could not be reached, or access was refused',
  5: 'the engine or a profile failed',
  130: 'interrupted; the grant was revoked first',
  143: 'terminated; the grant was revoked first',
} as const;
