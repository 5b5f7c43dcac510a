// SPDX-License-Identifier: Apache-2.0
import { extname } from 'node:path';
import type { Token } from '../cluster/index.ts';
import type { AuditInputs, ContainerMarker, EnginePool, EngineSettings } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import {
  type BaselineLookup,
  checkGate,
  type GateOptions,
  type GateRequest,
  gateDefaults,
  parseThresholdFile,
  parseThresholdInline,
} from '../gate/index.ts';
import type { LensName, RequiredView } from '../lens/index.ts';
import { parseWaivers, type WaiverFile } from '../outcome/index.ts';
import { type PlanRequest, parseSelector } from '../plan/index.ts';
import {
  type ArchiveEntry,
  type Descriptions,
  type HostCredentials,
  parseSource,
  readHostCredentials,
} from '../profile/index.ts';
import { type ConsoleOptions, parseReportSpec, type ReportSpec } from '../report/index.ts';
import {
  type Access,
  inlineThreshold,
  type JailStrength,
  makeRunId,
  perTargetKey,
  type Secrets,
  type TargetOptions,
  type ThresholdText,
  toShownRequest,
  type Values,
} from '../request/index.ts';
import { type Push, toBaseline, toPushes } from '../results/index.ts';
import { parseAllowed } from './annotated.ts';
import type { ScanEvent } from './events.ts';
import type { Contents, NamedText } from './request/contents.ts';

/** Who may look where, and for how long. */
export interface IdentityRequest {
  runId: string;
  /** Without a namespace the context's is taken. */
  plan: PlanRequest;
  /** Life of the token. */
  durationSeconds: number;
  /** Labels for the objects of the grant. */
  labels: Record<string, string>;
  /** Where the ServiceAccounts are made, if not beside the pods. */
  accountNamespace: string | undefined;
}

/** What profiles are given. */
export interface GivenInputs extends Omit<AuditInputs, 'inputFiles'> {
  files: NamedText[];
}

/** A waiver file, checked; the auditor reads the text itself. */
export interface GivenWaivers extends Omit<WaiverFile, 'file'> {
  content: string;
}

/** What was asked for, validated. */
export interface ScanRequest extends IdentityRequest {
  /** Sources, and names of those below. */
  profiles: string[];
  /** Profiles that the request brings with it. */
  embedded: ReadonlyMap<string, ArchiveEntry[]>;
  /** What holds for some targets instead. */
  perTarget: TargetOptions[];
  /** What pods may name in their annotation. */
  annotated: string[];
  /** For private profiles. */
  credentials: HostCredentials;
  /** Nothing is fetched. */
  offline: boolean;
  /** Profile code runs in no less. */
  requireJail: JailStrength;
  inputs: GivenInputs;
  waivers: GivenWaivers[];
  /** What is odd about the request and no reason to refuse it. */
  warnings: string[];
  gate: GateRequest;
  access: 'grant' | 'existing';
  lens: LensName | 'auto';
  /** Image of the tools container for targets without a shell. */
  lensImage: string | undefined;
  requireView: RequiredView;
  containerMarker: ContainerMarker;
  concurrency: number;
  timeoutMs: number;
  deadlineMs: number;
  dryRun: boolean;
  reports: ReportSpec[];
  outputDir: string;
  pushes: Push[];
  /** For the run manifest: the request as the user wrote it, without secrets. */
  shown: Record<string, unknown>;
}

/** Every effect of a run on the world outside the cluster. */
export interface Deps {
  /** Who made the reports; readers of runs take no other name. */
  tool: { name: 'cinc-scan'; version: string };
  /** The operator's identity. */
  access: Access;
  context: string | undefined;
  /** Presented instead of the kubeconfig's credentials. */
  token: Token | undefined;
  /** Beside the credentials above, of which the run takes care itself. */
  secrets?: Secrets;
  engine: EngineSettings;
  /** Engines that are loaded already, or are when they are asked for. Whoever made the pool closes it. */
  engines: EnginePool;
  /** Profiles that were read for other runs; without it each run reads its own. */
  descriptions?: Descriptions;
  /** Proxies, and what credential plugins are started with. */
  environment: Record<string, string | undefined>;
  /** Folder for a private scratch folder; a short path, since Unix sockets lie in it. */
  temporary: string;
  /** The folder relative paths start from, and which no report leaves through a link. */
  workspace: string;
  /** Awaited: it may fail. */
  stdout: (text: string) => unknown;
  console: ConsoleOptions;
  emit: (event: ScanEvent) => void;
  /** Says a remedy, which names inputs as flags, in the words of whoever reads the reports. */
  ownWords?: (remedy: string) => string;
  /** Aborted with a ScanError, such as CANCELLED, to end early; the grant is revoked all the same. */
  signal: AbortSignal | undefined;
}

/** Checks all inputs of a scan that can be checked without touching anything; opens no file. */
export function toScanRequest(values: Values, contents: Contents): ScanRequest {
  const annotated = values['annotated-profiles'].map(parseAllowed);
  const { entries: perTarget, outranked } = values[perTargetKey];
  const own = perTarget.flatMap(({ profile = [] }) => profile);
  if (values.profile.length === 0 && annotated.length === 0 && own.length === 0)
    throw new ScanError('USAGE', 'No profile was named', { remedy: 'Pass --profile PATH.' });
  for (const source of [...values.profile, ...own]) if (!contents.profiles.has(source)) parseSource(source);
  const pushes = toPushes(values);
  refuseSending(values.offline, pushes);
  const waivers = contents.waivers.map(toWaivers);
  return {
    ...toIdentityRequest(values),
    profiles: values.profile,
    embedded: contents.profiles,
    perTarget,
    annotated,
    credentials: readHostCredentials(values['profile-credentials']),
    offline: values.offline,
    requireJail: values['require-jail'],
    inputs: toInputs(values, contents.inputFiles),
    waivers,
    warnings: warningsOf(waivers, outranked),
    gate: toGateRequest(values, contents, new Date()),
    access: values.access,
    lens: values.lens,
    lensImage: values['lens-image'],
    requireView: values['require-view'],
    containerMarker: values['container-marker'],
    concurrency: values.concurrency,
    timeoutMs: values.timeout * 1000,
    deadlineMs: values.deadline * 1000,
    dryRun: values['dry-run'],
    reports: values.reports.map(parseReportSpec),
    outputDir: values['output-dir'],
    pushes,
    // Addresses may be secrets by themselves.
    shown: { ...toShownRequest(values), ...(pushes.length > 0 && { push: pushes.map(({ name }) => name) }) },
  };
}

function warningsOf(
  waivers: ReturnType<typeof toWaivers>[],
  outranked: Values[typeof perTargetKey]['outranked'],
): string[] {
  return [
    ...waivers.flatMap(({ path, warnings }) => warnings.map(text => `waivers ${path}: ${text}`)),
    ...outranked.map(({ option, by }) => `per-target: ${option} does not count, since ${by} is given for all targets`),
  ];
}

/** A run that sends something somewhere is not offline. */
function refuseSending(offline: boolean, pushes: Push[]): void {
  if (!offline || pushes.length === 0) return;
  const places = pushes.map(({ name }) => name).join(', ');
  throw new ScanError('INPUT_INVALID', `offline: results cannot be sent to ${places} at the same time`);
}

/** The part of a request that says who may look where. */
export function toIdentityRequest(values: Values): IdentityRequest {
  refuseServer(values);
  if (values.targets.length === 0) throw new ScanError('USAGE', 'No target was named');
  if (values.container !== undefined && values['all-containers'])
    throw new ScanError('USAGE', `container (${values.container}) and all-containers contradict each other`, {
      remedy:
        'Name one container, or scan all of them. Either may come from a flag, a variable or the configuration file.',
    });
  return {
    runId: values['run-id'] ?? makeRunId(),
    plan: {
      selectors: values.targets.map(parseSelector),
      namespaces: values.namespace,
      container: values.container,
      containers: values[perTargetKey].entries.flatMap(({ name, match, container }) =>
        container === undefined ? [] : [{ name, match, container }],
      ),
      allContainers: values['all-containers'],
      allowEmpty: values['allow-empty'],
    },
    durationSeconds: values.duration,
    labels: toLabels(values['grant-labels']),
    accountNamespace: values['grant-namespace'],
  };
}

/** Who asks a service does not mean whatever cluster this machine would reach. */
function refuseServer({ server, cluster }: Values): void {
  if (server !== undefined)
    throw new ScanError('USAGE', 'server: a scan service is asked for scans by `cinc-scan scan` and names alone', {
      remedy: 'Leave out --server (or CINC_SCAN_SERVER, or server in the configuration file).',
    });
  if (cluster !== undefined)
    throw new ScanError(
      'USAGE',
      `cluster: ${cluster} is the name that a scan service has for a cluster, and there is no server`,
      {
        remedy: 'Pass --server too, or choose a cluster by --kubeconfig and --context.',
      },
    );
}

/** `team=payments` and the like; what a label may hold is for the API server to say. */
function toLabels(pairs: string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1)
        throw new ScanError('INPUT_INVALID', `grant-labels: expected NAME=VALUE, got ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The inputs of profiles, with the files of them. */
export function toInputs(values: Values, files: NamedText[]): GivenInputs {
  for (const pair of values.input)
    if (!/^[^=]+=/.test(pair))
      throw new ScanError('INPUT_INVALID', 'input: expected NAME=VALUE, got a text without a name');
  return { inputs: {}, files, input: values.input, controls: values.controls, tags: values.tags };
}

/** The auditor dies of some mistakes in a waiver file during the scan, and ignores the others. */
function toWaivers({ name, content }: NamedText): GivenWaivers & { warnings: string[] } {
  const suffix = extname(name).toLowerCase();
  const format = suffix === '.json' ? 'json' : suffix === '.csv' ? 'csv' : 'yaml';
  const parsed = parseWaivers(content, format, new Date());
  if (parsed.kind === 'refused')
    throw new ScanError('WAIVER_INVALID', `waivers ${name}: ${parsed.problems.join('; ')}`);
  return { path: name, content, waivers: parsed.waivers, warnings: parsed.warnings };
}

/** The gate of a scan, checked before any cluster is asked. */
function toGateRequest(values: Values, contents: Contents, now: Date): GateRequest {
  const { strict, rounding } = values;
  const options: GateOptions = {
    profiles: values['all-profiles'] ? 'all' : 'first',
    rounding,
    strict,
    allowEmpty: false,
    unboundedErrors: 'fail',
    now,
  };
  const gate: GateRequest = {
    threshold: undefined,
    ...(contents.threshold !== undefined && toThreshold(contents.threshold, strict)),
    failOn: values['fail-on'],
    baseline: toLookup(values, contents),
    options,
    reportOnly: values['report-only'],
    allowNoTargets: values['allow-empty'],
  };
  checkGate(gate);
  return gate;
}

/** A gate of bounds alone, written as `--threshold` takes them inline: `90`, `{failed.total.max: 0}`. Throws THRESHOLD_INVALID. */
export const parseGate = (bounds: string): GateRequest => ({
  ...toThreshold(inlineThreshold(bounds), false),
  failOn: undefined,
  baseline: undefined,
  options: { ...gateDefaults(new Date()), unboundedErrors: 'fail' },
  reportOnly: false,
});

/** Refuses a threshold file that no scan would take. Throws THRESHOLD_INVALID. */
export function checkThreshold(text: string, name: string): void {
  toThreshold({ text, source: name, inline: false }, false);
}

function toThreshold(
  { text, source, inline }: ThresholdText,
  strict: boolean,
): Pick<GateRequest, 'threshold' | 'source'> {
  const parsed = inline ? parseThresholdInline(text, { strict }) : parseThresholdFile(text, { strict });
  if (parsed.kind === 'refused')
    throw new ScanError(
      'THRESHOLD_INVALID',
      `${source}: ${parsed.problems.map(problem => problem.message).join('; ')} (${parsed.reason})`,
    );
  return { threshold: parsed.kind === 'set' ? parsed.set : parsed.threshold, source };
}

function toLookup(values: Values, { baseline }: Contents): BaselineLookup | undefined {
  if (baseline === undefined) return undefined;
  const read = toBaseline(baseline, values['baseline-missing']);
  if (read.kind === 'baseline') return read.lookup;
  throw new ScanError('BASELINE_INVALID', `baseline ${String(values.baseline)}: ${read.problem}`);
}
