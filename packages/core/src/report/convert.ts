// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { ScanError } from '../errors/index.ts';
import { evaluate, type GateOptions, gateDefaults, strictestThreshold, type Threshold } from '../gate/index.ts';
import type { Judged, Verdict } from '../gate/verdict.ts';
import { type Hdf, parseHdf } from '../outcome/hdf.ts';
import type { Audited, ProfileRef } from '../outcome/outcome.ts';
import type { Target } from '../plan/target.ts';
import type { ReportModel } from './model.ts';
import { byText } from './words.ts';

/** A result file as the user named it. */
export interface ResultFile {
  name: string;
  text: string;
}

export interface ConvertOptions {
  /** Without it the strictest gate is applied, and the report says so. */
  threshold?: Threshold;
  /** How the threshold came about, for the reports. */
  source?: string;
  gate?: Partial<GateOptions>;
  toolVersion?: string;
}

/** A report model of result files alone, as if a run had made them. */
export function toReportModel(files: ResultFile[], now: Date, options: ConvertOptions = {}): ReportModel {
  const outcomes = files.map(file => toOutcome(file));
  const threshold = options.threshold ?? strictestThreshold;
  const effective: GateOptions = { ...gateDefaults(now), ...options.gate };
  const judged = outcomes.map(
    ({ outcome }): Judged => ({
      outcome,
      judgement: evaluate(outcome.hdf, threshold, effective),
      comparison: undefined,
    }),
  );
  const source = options.source ?? 'no threshold was given: every control passes or is waived';
  const gate = { source, bounds: Object.fromEntries(threshold.bounds), strict: effective.strict };
  return {
    ...toOrigin(outcomes, now, options.toolVersion),
    grant: undefined,
    profiles: uniqueProfiles(outcomes.map(({ outcome }) => outcome.profile)),
    verdict: toVerdict(judged, gate),
    warnings: [],
    request: { converted: files.map(file => basename(file.name)) },
  };
}

type Origin = Pick<ReportModel, 'tool' | 'run' | 'cluster' | 'engine'>;

function toOrigin(outcomes: Converted[], now: Date, version: string | undefined): Origin {
  const known = outcomes.find(({ facts }) => facts !== undefined)?.facts;
  const audited = outcomes.map(({ outcome }) => outcome);
  const texts = audited.map(({ hdfText }) => hdfText).join('\n');
  return {
    tool: { name: 'cinc-scan', version: version ?? known?.tool.version ?? 'unknown' },
    run: { id: known?.run.id ?? `converted-${digest(texts).slice(0, 12)}`, ...toSpan(audited, now) },
    cluster: { alias: audited[0]?.target.cluster ?? 'files', server: '', version: undefined },
    engine: engineOf(audited[0], known),
  };
}

function toSpan(audited: Audited[], now: Date): Omit<ReportModel['run'], 'id'> {
  const [started = now.toISOString()] = audited.map(({ observation }) => observation.started).toSorted(byText);
  const seconds = audited.reduce((sum, { observation }) => sum + observation.seconds, 0);
  return { started, finished: now.toISOString(), seconds };
}

// Written by ourselves, but anyone can edit a file: nothing of it is taken on trust.
const Facts = z.object({
  target: z.object({
    cluster: z.string(),
    namespace: z.string(),
    pod: z.string(),
    podUid: z.string(),
    container: z.string(),
    containerId: z.string(),
    restartCount: z.number(),
    image: z.string(),
    imageDigest: z.string().optional(),
    node: z.string().optional(),
    owner: z.object({ kind: z.string(), name: z.string() }),
  }),
  profile: z.object({ name: z.string(), version: z.string().optional(), source: z.string(), sha256: z.string() }),
  lens: z.enum(['exec', 'debug', 'sidecar']),
  view: z.enum(['full', 'files-only']),
  run: z.object({ id: z.string(), started: z.string() }),
  tool: z.object({ name: z.string(), version: z.string() }),
  engine: z.object({ name: z.string(), version: z.string() }).optional(),
});
type Facts = z.infer<typeof Facts>;

const Passthrough = z.object({ passthrough: z.object({ cincScan: Facts }) });

interface Converted {
  outcome: Audited;
  facts: Facts | undefined;
}

function toOutcome(file: ResultFile): Converted {
  const read = parseHdf(file.text);
  if (read.kind === 'refused') throw new ScanError('RESULT_INVALID', `${file.name}: ${read.problem}`);
  const { hdf } = read;
  const parsed = Passthrough.safeParse(hdf);
  const facts = parsed.success ? parsed.data.passthrough.cincScan : undefined;
  return {
    facts,
    outcome: {
      kind: 'audited',
      target: facts === undefined ? targetOf(file, hdf) : { ...targetIn(facts), labels: {}, annotations: {} },
      profile: facts === undefined ? profileOf(hdf) : { ...facts.profile, version: facts.profile.version },
      observation: {
        lens: facts?.lens ?? 'exec',
        view: facts?.view ?? 'full',
        started: startOf(hdf),
        seconds: Math.max(0, hdf.statistics.duration ?? 0),
        commands: 0,
        bytes: 0,
        toolsMissing: [],
        retries: 0,
        truncated: 0,
        virtual: [],
        leftBehind: undefined,
      },
      hdf,
      hdfText: file.text,
    },
  };
}

function targetIn({ target }: Facts): Omit<Target, 'labels' | 'annotations'> {
  return { ...target, imageDigest: target.imageDigest, node: target.node };
}

/** Named after the file and what the results say of where they come from. */
function targetOf({ name }: ResultFile, hdf: Hdf): Target {
  const stem = basename(name).replace(/\.json$/i, '') || 'results';
  return {
    cluster: 'files',
    namespace: 'results',
    pod: stem,
    podUid: '',
    container: hdf.platform.target_id ?? hdf.platform.name,
    containerId: '',
    restartCount: 0,
    image: `${hdf.platform.name} ${hdf.platform.release}`,
    imageDigest: undefined,
    node: undefined,
    owner: { kind: 'File', name: stem },
    labels: {},
    annotations: {},
  };
}

function profileOf(hdf: Hdf): ProfileRef {
  const [profile] = hdf.profiles;
  return {
    name: profile?.name ?? 'unknown',
    version: profile?.version ?? undefined,
    source: profile?.name ?? 'unknown',
    sha256: profile?.sha256 ?? '',
  };
}

function startOf(hdf: Hdf): string {
  const starts = hdf.profiles
    .flatMap(profile =>
      profile.controls.flatMap(control => control.results.map(result => Date.parse(result.start_time))),
    )
    .filter(time => !Number.isNaN(time));
  const first = starts.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  return new Date(Number.isFinite(first) ? first : 0).toISOString();
}

function engineOf(outcome: Audited | undefined, facts: Facts | undefined): ReportModel['engine'] {
  if (outcome === undefined) return undefined;
  return { name: facts?.engine?.name ?? 'auditor', version: facts?.engine?.version ?? outcome.hdf.version, ruby: '' };
}

function uniqueProfiles(profiles: ProfileRef[]): ProfileRef[] {
  return [...new Map(profiles.map(profile => [JSON.stringify([profile.name, profile.sha256]), profile])).values()];
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** Results from elsewhere were judged or not: what prevented judging is a usage error, as for `cinc-scan gate`. */
function toVerdict(judged: Judged[], gate: Verdict['gate']): Verdict {
  const refused = judged.find(({ judgement }) => judgement?.exit === 2);
  if (refused?.judgement !== undefined)
    return { verdict: 'error', reason: refused.judgement.reason, exit: 2, exitCode: 2, gate, judged };
  const isBelow = judged.some(({ judgement }) => judgement?.exit === 3);
  return isBelow
    ? { verdict: 'fail', reason: 'below-threshold', exit: 3, exitCode: 3, gate, judged }
    : { verdict: 'pass', reason: 'pass', exit: 0, exitCode: 0, gate, judged };
}
