// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { parseAllowed } from './annotated.ts';
import type { Token } from './cluster/index.ts';
import type { AuditInputs, EngineSettings } from './engine/index.ts';
import { ScanError, toMessage } from './errors/index.ts';
import type { ScanEvent } from './events.ts';
import {
  type BaselineLookup,
  checkGate,
  type GateOptions,
  type GateRequest,
  type MissingBaseline,
  parseThresholdFile,
  parseThresholdInline,
  readBaseline,
} from './gate/index.ts';
import type { LensName, RequiredView } from './lens/index.ts';
import { parseWaivers, type Waiver } from './outcome/waivers.ts';
import { type PlanRequest, parseSelector } from './plan/index.ts';
import { type HostCredentials, parseSource, readHostCredentials } from './profile/index.ts';
import { type ConsoleOptions, type Push, parseReportSpec, type ReportSpec, toPushes } from './report/index.ts';
import {
  type Access,
  makeRunId,
  readThresholdInput,
  type Secrets,
  toShownRequest,
  type Values,
} from './request/index.ts';

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

/** What was asked for, validated. */
export interface ScanRequest extends IdentityRequest {
  profiles: string[];
  /** What pods may name in their annotation. */
  annotated: string[];
  /** For private profiles. */
  credentials: HostCredentials;
  /** Nothing is fetched. */
  offline: boolean;
  inputs: AuditInputs;
  /** What the waiver files permit, for the warnings that take a profile. */
  waivers: Waiver[];
  /** What is odd about the request and no reason to refuse it. */
  warnings: string[];
  gate: GateRequest;
  access: 'grant' | 'existing';
  lens: LensName | 'auto';
  /** Image of the tools container for targets without a shell. */
  lensImage: string | undefined;
  requireView: RequiredView;
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
  tool: { name: string; version: string };
  /** The operator's identity. */
  access: Access;
  context: string | undefined;
  /** Presented instead of the kubeconfig's credentials. */
  token: Token | undefined;
  /** Beside the credentials above, of which the run takes care itself. */
  secrets?: Secrets;
  engine: EngineSettings;
  /** Folder for a private scratch folder; a short path, since Unix sockets lie in it. */
  temporary: string;
  /** The folder relative paths start from, and which no report leaves through a link. */
  workspace: string;
  stdout: (text: string) => void;
  console: ConsoleOptions;
  emit: (event: ScanEvent) => void;
  /** Aborted with a ScanError (CANCELLED, TERMINATED) to end early; the grant is revoked all the same. */
  signal: AbortSignal | undefined;
}

/** Checks all inputs of a scan that can be checked without touching anything. */
export function toScanRequest(values: Values): ScanRequest {
  const annotated = values['annotated-profiles'].map(parseAllowed);
  if (values.profile.length === 0 && annotated.length === 0)
    throw new ScanError('USAGE', 'No profile was named', { remedy: 'Pass --profile PATH.' });
  for (const source of values.profile) parseSource(source);
  const pushes = toPushes(values);
  refuseSending(values.offline, pushes);
  const waivers = values.waivers.map(path => ({ path, ...readWaivers(path) }));
  return {
    ...toIdentityRequest(values),
    profiles: values.profile,
    annotated,
    credentials: readHostCredentials(values['profile-credentials']),
    offline: values.offline,
    inputs: toAuditInputs(values),
    waivers: waivers.flatMap(file => file.waivers),
    warnings: waivers.flatMap(({ path, warnings }) => warnings.map(text => `waivers ${path}: ${text}`)),
    gate: toGateRequest(values, new Date()),
    access: values.access,
    lens: values.lens,
    lensImage: values['lens-image'],
    requireView: values['require-view'],
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

/** A run that sends something somewhere is not offline. */
function refuseSending(offline: boolean, pushes: Push[]): void {
  if (!offline || pushes.length === 0) return;
  const places = pushes.map(({ name }) => name).join(', ');
  throw new ScanError('INPUT_INVALID', `offline: results cannot be sent to ${places} at the same time`);
}

/** The part of a request that says who may look where. */
export function toIdentityRequest(values: Values): IdentityRequest {
  if (values.targets.length === 0) throw new ScanError('USAGE', 'No target was named');
  return {
    runId: values['run-id'] ?? makeRunId(),
    plan: {
      selectors: values.targets.map(parseSelector),
      namespaces: values.namespace,
      container: values.container,
      allContainers: values['all-containers'],
      allowEmpty: values['allow-empty'],
    },
    durationSeconds: values.duration,
    labels: toLabels(values['grant-labels']),
    accountNamespace: values['grant-namespace'],
  };
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

export function toAuditInputs(values: Values): AuditInputs {
  for (const pair of values.input)
    if (!/^[^=]+=/.test(pair))
      throw new ScanError('INPUT_INVALID', `input: expected NAME=VALUE, got ${JSON.stringify(pair)}`);
  return {
    inputs: {},
    inputFiles: values['input-file'].map(toInputFile),
    input: values.input,
    controls: values.controls,
    tags: values.tags,
    waivers: values.waivers.map(path => resolve(path)), // absolute, since the engine works in a folder of its own
  };
}

// Absolute, since the engine works in a folder of its own.
function toInputFile(path: string): string {
  readText(path, 'input-file', 'INPUT_INVALID');
  return resolve(path);
}

/** The auditor dies of some mistakes in a waiver file during the scan, and ignores the others. */
function readWaivers(path: string): { waivers: Waiver[]; warnings: string[] } {
  const text = readText(path, 'waivers', 'WAIVER_INVALID');
  const suffix = extname(path).toLowerCase();
  const format = suffix === '.json' ? 'json' : suffix === '.csv' ? 'csv' : 'yaml';
  const parsed = parseWaivers(text, format, new Date());
  if (parsed.kind === 'refused')
    throw new ScanError('WAIVER_INVALID', `waivers ${path}: ${parsed.problems.join('; ')}`);
  return parsed;
}

function readText(path: string, name: string, code: 'INPUT_INVALID' | 'WAIVER_INVALID'): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ScanError(code, `${name} ${path} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

/** The gate of a scan, checked before any cluster is asked. */
export function toGateRequest(values: Values, now: Date): GateRequest {
  const { strict, rounding } = values;
  const options: GateOptions = {
    profiles: values['all-profiles'] ? 'all' : 'first',
    rounding,
    strict,
    allowEmpty: false,
    now,
  };
  const gate: GateRequest = {
    threshold: undefined,
    ...(values.threshold !== undefined && toThreshold(values.threshold, strict)),
    failOn: values['fail-on'],
    baseline: values.baseline === undefined ? undefined : toBaseline(values.baseline, values['baseline-missing']),
    options,
    reportOnly: values['report-only'],
    allowNoTargets: values['allow-empty'],
  };
  checkGate(gate);
  return gate;
}

function toThreshold(value: string, strict: boolean): Pick<GateRequest, 'threshold' | 'source'> {
  const { text, source, inline } = readThresholdInput(value);
  const parsed = inline ? parseThresholdInline(text, { strict }) : parseThresholdFile(text, { strict });
  if (parsed.kind === 'refused')
    throw new ScanError(
      'THRESHOLD_INVALID',
      `${source}: ${parsed.problems.map(problem => problem.message).join('; ')} (${parsed.reason})`,
    );
  return { threshold: parsed.kind === 'set' ? parsed.set : parsed.threshold, source };
}

function toBaseline(path: string, missing: MissingBaseline): BaselineLookup {
  const read = readBaseline(path, missing);
  if (read.kind === 'refused') throw new ScanError('BASELINE_INVALID', `baseline ${path}: ${read.problem}`);
  return read.lookup;
}
