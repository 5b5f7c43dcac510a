// SPDX-License-Identifier: Apache-2.0
// Every input there is, once. Schema, command line, environment names, configuration file, action.yml, documentation and
// the adapters of all CI systems are made from this list.

import type { Secret } from './secret.ts';

export type InputGroup = 'target' | 'profile' | 'gate' | 'access' | 'server' | 'report' | 'run' | 'findings';

interface Common {
  group: InputGroup;
  description: string;
  example: string;
  since: string;
  /** One letter for the command line. */
  short?: string;
  /** A matter of whoever runs a request, and no part of the request: credentials, where files go, how much is said. */
  edge?: true;
  /** What the user names is a file, of which a request holds the content. */
  holds?: 'content';
}

/** What a text, or each item of a list, has to look like. */
interface InputPattern {
  /** Of a regular expression that matches the whole text. */
  source: string;
  /** Completes "expected …". */
  means: string;
}

/** As a regular expression that matches the whole text. */
export const wholly = ({ source }: InputPattern): RegExp => new RegExp(`^(?:${source})$`);

interface TextInput extends Common {
  type: 'text';
  pattern?: InputPattern;
  default?: string;
}
/** One path or text that is wrapped as soon as it is read. */
interface SecretInput extends Common {
  type: 'secret';
}
interface ListInput extends Common {
  type: 'list';
  pattern?: InputPattern;
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

/** Severities that a gate can bound. */
export const bucketSeverities = ['critical', 'high', 'medium', 'low'] as const;

const findingSeverities = [...bucketSeverities, 'none'] as const;

/** Ways to look into a container. */
export const lensNames = ['exec', 'debug', 'sidecar'] as const;

/** How far profile code is kept from the machine that scans; each is more than the one before. */
export const jailStrengths = ['none', 'partial', 'full'] as const;
export type JailStrength = (typeof jailStrengths)[number];

const day = 86_400;

/** Run ids are part of object names in the cluster, with room for a prefix. What makes one of a build's name cuts to this. */
export const longestRunId = 40;

const runId = {
  source: `[a-z0-9]([-a-z0-9]{0,${longestRunId - 2}}[a-z0-9])?`,
  means: `up to ${longestRunId} lower-case letters, digits and dashes`,
};

/** Whether a text can be the id of a run. */
export const isRunId = (text: string): boolean => wholly(runId).test(text);

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
const dnsLabel = {
  source: '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?',
  means: 'up to 63 lower-case letters, digits and dashes',
};

/** What a scan service has under a name, with or without the version of it. */
export const registeredName = {
  source: `${dnsLabel.source}(?:@[0-9][0-9A-Za-z.+-]{0,63})?`,
  means: 'a name that is registered with the scan service, such as base or base@1.0.0',
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
    description: 'Container to scan in pods that have several',
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
    choices: ['auto', ...lensNames],
    default: 'auto',
    description:
      'How to look into a container. exec: with its own shell. debug: from an ephemeral container next to it (Kubernetes 1.25 or later). sidecar: from an injected container. auto: the sidecar if the pod has one, otherwise exec, otherwise (no shell) debug',
    example: 'exec',
    since: '0.1.0',
  },
  'lens-image': {
    group: 'target',
    type: 'text',
    description: 'Tools image for the debug lens; without one, auto never chooses debug',
    example: 'registry.example.org/cinc-scan-tools@sha256:…',
    since: '0.1.0',
  },
  'require-view': {
    group: 'target',
    type: 'choice',
    choices: ['any', 'full', 'guarded'],
    default: 'any',
    description:
      'How much of a container must be visible, and who may answer for it. full: a target whose security settings expose only files is an error. guarded: so is one whose own programs answer, or whose processes could reach our tools. any: judge what is visible and report the rest as not reviewed',
    example: 'full',
    since: '0.1.0',
  },
  'container-marker': {
    group: 'target',
    type: 'choice',
    choices: ['none', 'docker'],
    default: 'none',
    description:
      'Marker file by which profiles recognize a container. none: what the container has. docker: answer that /.dockerenv exists, which Kubernetes does not create',
    example: 'docker',
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
    holds: 'content',
    group: 'profile',
    type: 'list',
    separator: 'line',
    short: 'p',
    description:
      'Profile to run; several run one after the other. A directory or archive, https://…#sha256=DIGEST, git+https://…#ref=REF&path=FOLDER (git+ssh, git+file), or configmap:[NAMESPACE/]NAME',
    example: './profile',
    since: '0.1.0',
  },
  'annotated-profiles': {
    group: 'profile',
    type: 'list',
    separator: 'line',
    description:
      'Profiles that a pod may name in its annotation cinc-scan.dev/profile, run in addition to --profile; a trailing * matches any ending (default: annotations are ignored)',
    example: 'git+https://git.example.org/profiles/*',
    since: '0.1.0',
  },
  'profile-credentials': {
    edge: true,
    group: 'profile',
    type: 'secret',
    description:
      'Credentials for private profiles, a YAML mapping of hosts to {bearer: TOKEN} or {username: NAME, password: PASSWORD}: the path of a file with it, or the mapping itself in the environment',
    example: './credentials.yml',
    since: '0.1.0',
  },
  offline: {
    edge: true,
    group: 'profile',
    type: 'flag',
    description: 'Fetch nothing: profiles, their dependencies and the engine are taken from this machine',
    example: 'true',
    since: '0.1.0',
  },
  'input-file': {
    holds: 'content',
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
    holds: 'content',
    group: 'profile',
    type: 'list',
    separator: 'line',
    description: 'Waiver file (YAML, JSON or CSV): controls that are accepted for now, with a justification',
    example: './waivers.yml',
    since: '0.1.0',
  },
  threshold: {
    holds: 'content',
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
    choices: bucketSeverities.toReversed(),
    description: 'Fail on any failed or errored control of this severity or above',
    example: 'high',
    since: '0.1.0',
  },
  baseline: {
    holds: 'content',
    group: 'gate',
    type: 'text',
    description:
      'Result file of an earlier scan, or its output folder if it had several targets: fail on what got worse since',
    example: './baseline.json',
    since: '0.1.0',
  },
  'baseline-missing': {
    group: 'gate',
    type: 'choice',
    choices: ['fail', 'all-new'],
    default: 'fail',
    description: 'What to do when the baseline is missing: fail, or treat every failure as new (all-new)',
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
    description: 'Exit with 0 if the threshold, and nothing else, is not met',
    example: 'true',
    since: '0.1.0',
  },
  kubeconfig: {
    edge: true,
    group: 'access',
    type: 'secret',
    description: 'Kubeconfig: a path, or its content (default: KUBECONFIG, ~/.kube/config, or the in-cluster account)',
    example: './kubeconfig',
    since: '0.1.0',
  },
  context: {
    edge: true,
    group: 'access',
    type: 'text',
    description: 'Context of the kubeconfig',
    example: 'staging',
    since: '0.1.0',
  },
  token: {
    edge: true,
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
    description: 'Lifetime of the temporary identity, at least 10m (15m, 900s, PT15M)',
    example: '20m',
    since: '0.1.0',
  },
  'grant-namespace': {
    group: 'access',
    type: 'text',
    pattern: dnsLabel,
    description: 'Namespace for the ServiceAccounts of the temporary identity (default: that of the pods)',
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
  server: {
    edge: true,
    group: 'server',
    type: 'text',
    description:
      'Scan service that scans in place of this machine. It has the credentials of the clusters; --profile and --threshold are names that are registered with it, such as base or base@1.0.0',
    example: 'https://scans.example.org',
    since: '0.1.0',
  },
  'server-token': {
    edge: true,
    group: 'server',
    type: 'secret',
    description:
      'Key for the scan service: the path of a file with it, or the key itself in the environment. Without it the job signs in with its ID token',
    example: '/var/run/secrets/scans.key',
    since: '0.1.0',
  },
  'id-token': {
    edge: true,
    group: 'server',
    type: 'secret',
    description:
      'ID token of the job for the scan service, which gives a key for it: the path of a file with the token, as clusters mount it, or the token itself in the environment. Without it and without server-token the job asks its CI system for one',
    example: '/var/run/secrets/scans/token',
    since: '0.1.0',
  },
  'id-token-variable': {
    edge: true,
    group: 'server',
    type: 'text',
    pattern: { source: '[A-Za-z_][A-Za-z0-9_]*', means: 'the name of a variable' },
    description: 'Variable that holds the ID token of the job, where that is not CINC_SCAN_ID_TOKEN',
    example: 'CINC_SCAN_SHOP_TOKEN',
    since: '0.1.0',
  },
  'server-audience': {
    edge: true,
    group: 'server',
    type: 'text',
    pattern: { source: '[\\x21-\\x7e]{1,300}', means: 'up to 300 visible characters' },
    description: 'Audience of ID tokens for the scan service, as it is registered there, where that is not its address',
    example: 'https://scans.example.org',
    since: '0.1.0',
  },
  'server-team': {
    edge: true,
    group: 'server',
    type: 'text',
    pattern: dnsLabel,
    description: 'Team at the scan service to sign in to; needed where rules of several take the ID token',
    example: 'shop',
    since: '0.1.0',
  },
  'server-ca': {
    edge: true,
    group: 'server',
    type: 'text',
    description: 'Certificate authorities (PEM file) for the scan service, instead of the default ones',
    example: './scans-ca.pem',
    since: '0.1.0',
  },
  cluster: {
    edge: true,
    group: 'server',
    type: 'text',
    pattern: dnsLabel,
    description: 'Cluster to scan in, by the name that the scan service has for it; needed where a team has several',
    example: 'east',
    since: '0.1.0',
  },
  reports: {
    edge: true,
    group: 'report',
    type: 'list',
    separator: 'comma',
    default: ['hdf', 'markdown'],
    description: 'Reports to write, KIND or KIND:PATH; path - is standard output',
    example: 'markdown,junit:out/junit.xml',
    since: '0.1.0',
  },
  'output-dir': {
    edge: true,
    group: 'report',
    type: 'text',
    short: 'o',
    default: 'cinc-scan-results',
    description:
      'Folder for reports (of a consolidation, where no flag, variable or input says so: cinc-scan-findings)',
    example: 'out',
    since: '0.1.0',
  },
  push: {
    edge: true,
    group: 'report',
    type: 'list',
    separator: 'line',
    description: 'Where to send the results, heimdall=URL or webhook=URL; a failed push does not change the exit code',
    example: 'heimdall=https://heimdall.example.org',
    since: '0.1.0',
  },
  'heimdall-api-key': {
    edge: true,
    group: 'report',
    type: 'secret',
    description: 'API key for the Heimdall server: the path of a file with it, or the key itself in the environment',
    example: './heimdall.key',
    since: '0.1.0',
  },
  'webhook-secret': {
    edge: true,
    group: 'report',
    type: 'secret',
    description:
      'Secret that signs what is sent to webhooks (HMAC-SHA-256): the path of a file with it, or the secret itself in the environment',
    example: './webhook.secret',
    since: '0.1.0',
  },
  'push-insecure': {
    edge: true,
    group: 'report',
    type: 'flag',
    description: 'Allow pushes over http to other machines',
    example: 'true',
    since: '0.1.0',
  },
  'log-format': {
    edge: true,
    group: 'report',
    type: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    description: 'Log for people, or JSON lines for machines',
    example: 'json',
    since: '0.1.0',
  },
  'log-level': {
    edge: true,
    group: 'report',
    type: 'choice',
    choices: ['quiet', 'info', 'verbose', 'debug'],
    default: 'info',
    description: 'How much to say',
    example: 'verbose',
    since: '0.1.0',
  },
  engine: {
    edge: true,
    group: 'run',
    type: 'choice',
    choices: ['auto', 'system', 'gems', 'download'],
    default: 'auto',
    description:
      'Auditor to use: an installed CINC Auditor (system), the locked gems, or a package from engine-url (download). auto: the installed one, otherwise the package if engine-url is given, otherwise the gems',
    example: 'gems',
    since: '0.1.0',
  },
  'engine-url': {
    edge: true,
    group: 'run',
    type: 'text',
    description:
      'Package of CINC Auditor to unpack and run, without installing it: an https address or an absolute path, ending in .deb or .tar.gz',
    example: 'https://packages.example.org/cinc-auditor_5.22.80-1_amd64.deb',
    since: '0.1.0',
  },
  'engine-sha256': {
    edge: true,
    group: 'run',
    type: 'text',
    description: 'SHA-256 of the package; it is unpacked only if it matches',
    example: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    since: '0.1.0',
  },
  'engine-ca': {
    edge: true,
    group: 'run',
    type: 'text',
    description: 'Certificate authorities (PEM file) for the server that has the package, instead of the default ones',
    example: './mirror-ca.pem',
    since: '0.1.0',
  },
  'require-jail': {
    edge: true,
    group: 'run',
    type: 'choice',
    choices: jailStrengths,
    default: 'none',
    description:
      'How far profile code has to be kept from the machine that scans. full: nothing of it can be seen, reached or used up. partial: its contents, network and other processes are out of reach; names of files may be seen, or a limit is missing. none: as far as the machine allows, which reports say',
    example: 'full',
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
    description: 'Number of targets scanned at the same time',
    example: '8',
    since: '0.1.0',
  },
  'dry-run': {
    edge: true,
    group: 'run',
    type: 'flag',
    description: 'Plan, print what would be created and scanned, and touch nothing',
    example: 'true',
    since: '0.1.0',
  },
  'run-id': {
    edge: true,
    group: 'run',
    type: 'text',
    pattern: runId,
    description: 'Name of this run in the cluster and in reports (lower-case letters, digits, dashes; default: random)',
    example: 'build-4711',
    since: '0.1.0',
  },
  sources: {
    edge: true,
    group: 'findings',
    type: 'text',
    short: 's',
    description:
      "Consolidate the results of other scanners that this file names: a step of a CI system that is given it does that in place of a scan (default of the command: cinc-scan.sources.yml). Of the other inputs a consolidation has those of this section, those of the gate but a baseline, the folder for reports, the log's and the run id",
    example: 'cinc-scan.sources.yml',
    since: '0.1.0',
  },
  'findings-waivers': {
    edge: true,
    group: 'findings',
    type: 'list',
    separator: 'line',
    description: 'File of findings that do not count, with the reason and the day on which that ends',
    example: './findings-waivers.yml',
    since: '0.1.0',
  },
  state: {
    edge: true,
    group: 'findings',
    type: 'text',
    description:
      'What is known of earlier runs: a file or the address of an object, read, and written when the reports are there',
    example: 'state.json',
    since: '0.1.0',
  },
  'state-missing': {
    edge: true,
    group: 'findings',
    type: 'choice',
    choices: ['fail', 'all-new', 'seed'],
    default: 'fail',
    description: 'A state that is not there: an error, all findings new, or recorded and not told',
    example: 'seed',
    since: '0.1.0',
  },
  'fail-on-new': {
    edge: true,
    group: 'findings',
    type: 'choice',
    choices: findingSeverities,
    description: 'Fail on new and returned findings of this severity or above; needs a state',
    example: 'medium',
    since: '0.1.0',
  },
  'unknown-as': {
    edge: true,
    group: 'findings',
    type: 'choice',
    choices: findingSeverities,
    default: 'medium',
    description: 'What a finding without a severity counts as',
    example: 'high',
    since: '0.1.0',
  },
  'findings-reports': {
    edge: true,
    group: 'findings',
    type: 'list',
    separator: 'comma',
    default: ['html'],
    description: 'Reports of findings to write, KIND or KIND:PATH; path - is standard output',
    example: 'html,sarif',
    since: '0.1.0',
  },
  store: {
    edge: true,
    group: 'findings',
    type: 'text',
    description:
      'Where runs and the state of their scope are kept for others: a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azblob://ACCOUNT/CONTAINER/PREFIX; credentials are those of the environment',
    example: 's3://security/scans',
    since: '0.1.0',
  },
  'omit-raw': {
    edge: true,
    group: 'findings',
    type: 'flag',
    description: 'Keep out of the store what scanners left: it may quote secrets',
    example: 'true',
    since: '0.1.0',
  },
  'store-endpoint': {
    edge: true,
    group: 'findings',
    type: 'text',
    description: "Address of the store's server where that is not the service's own",
    example: 'https://minio.example.org',
    since: '0.1.0',
  },
  'store-insecure': {
    edge: true,
    group: 'findings',
    type: 'flag',
    description: 'Allow a store over http on another machine',
    example: 'true',
    since: '0.1.0',
  },
  'state-unguarded': {
    edge: true,
    group: 'findings',
    type: 'flag',
    description:
      'Keep the state also on a server that ignores conditions: no two runs of the scope are ever at once, or one of them is lost',
    example: 'true',
    since: '0.1.0',
  },
  'alert-on': {
    edge: true,
    group: 'findings',
    type: 'choice',
    choices: findingSeverities,
    default: 'high',
    description:
      'Tell people of new and returned findings of this severity or above, and of sources that no longer look',
    example: 'critical',
    since: '0.1.0',
  },
  'alert-webhook': {
    edge: true,
    group: 'findings',
    type: 'secret',
    description:
      'Where to post alerts, signed by webhook-secret: the path of a file with the address, or the address itself in the environment',
    example: './alerts.url',
    since: '0.1.0',
  },
  'alert-slack': {
    edge: true,
    group: 'findings',
    type: 'secret',
    description:
      'Incoming webhook of Slack for alerts: the path of a file with the address, or the address itself in the environment',
    example: './slack.url',
    since: '0.1.0',
  },
  'alert-teams': {
    edge: true,
    group: 'findings',
    type: 'secret',
    description:
      'Webhook of a Teams workflow for alerts: the path of a file with the address, or the address itself in the environment',
    example: './teams.url',
    since: '0.1.0',
  },
  'alert-mail': {
    edge: true,
    group: 'findings',
    type: 'secret',
    description:
      'Mail server for alerts, smtps://USER:PASSWORD@HOST: the path of a file with the address, or the address itself in the environment',
    example: './mail.url',
    since: '0.1.0',
  },
  'alert-from': {
    edge: true,
    group: 'findings',
    type: 'text',
    description: 'Who writes mails',
    example: 'cinc-scan@shop.example',
    since: '0.1.0',
  },
  'alert-to': {
    edge: true,
    group: 'findings',
    type: 'list',
    separator: 'comma',
    description: 'Who gets mails',
    example: 'security@shop.example',
    since: '0.1.0',
  },
  'alert-link': {
    edge: true,
    group: 'findings',
    type: 'text',
    description: 'Where the reports can be read: alerts end with this address',
    example: 'https://ci.shop.example/jobs/4711',
    since: '0.1.0',
  },
  'notify-required': {
    edge: true,
    group: 'findings',
    type: 'flag',
    description: 'An alert that cannot be sent is an error',
    example: 'true',
    since: '0.1.0',
  },
} as const satisfies Record<string, Input>;

export type InputName = keyof typeof inputs;

type NamesWith<Property extends string> = {
  [K in InputName]: (typeof inputs)[K] extends Record<Property, unknown> ? K : never;
}[InputName];

/** Inputs that belong to whoever runs a request. */
type EdgeInput = NamesWith<'edge'>;
/** Inputs that are part of a request as they are. */
export type PlainInput = Exclude<InputName, EdgeInput | NamesWith<'holds'>>;

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
export type InputValues = { [K in InputName]: ValueOf<(typeof inputs)[K]> };

export const inputNames: InputName[] = parseNames(Object.keys(inputs));

/** Whether an input is no part of a request. */
export const isEdge = (name: InputName): boolean => 'edge' in inputs[name];

function parseNames(names: string[]): InputName[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the constant above
  return names as InputName[];
}

/** `CINC_SCAN_OUTPUT_DIR` for `output-dir`. */
export function environmentName(name: string): string {
  return `CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`;
}

/** `outputDir` for `output-dir`, as CI systems and the parser of the command line spell it. */
export const camelCase = (name: string): string =>
  name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The same of a name that is known. */
export type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

// On a command line one names one report at a time.
const otherFlags = { reports: 'report' } as const satisfies Partial<Record<InputName, string>>;
const flagNames: Partial<Record<InputName, string>> = otherFlags;

/** Its name on a command line, behind two dashes. */
export const flagName = (name: InputName): string => flagNames[name] ?? name;

/** The same of a name that is known. */
export type FlagName<Name extends InputName> = Name extends keyof typeof otherFlags ? (typeof otherFlags)[Name] : Name;
