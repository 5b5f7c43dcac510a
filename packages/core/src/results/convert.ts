// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { ScanError } from '../errors/index.ts';
import {
  type GateRequest,
  gateDefaults,
  judgeResults,
  strictestThreshold,
  unusedThresholds,
  type Verdict,
} from '../gate/index.ts';
import {
  type Audited,
  type ProfileRef,
  type Result,
  type ResultFacts,
  type ResultFile,
  toResult,
} from '../outcome/index.ts';
import { byText, type ReportModel } from '../report/index.ts';
import { isRunId } from '../request/index.ts';
import { makeRedactor } from './redact/redact.ts';
import { redactModel } from './redact/redact-model.ts';

export interface ConvertOptions {
  /** Without one the strictest gate is applied, the reports say so, and the exit code is that of a conversion. */
  gate?: GateRequest | undefined;
  toolVersion?: string;
}

/** A report model of result files alone, as if a run had made them. */
export function toReportModel(files: ResultFile[], now: Date, options: ConvertOptions = {}): ReportModel {
  const results = files.map(file => {
    const read = toResult(file);
    if (read.kind === 'refused') throw new ScanError('RESULT_INVALID', `${file.name}: ${read.problem}`);
    return { ...read, name: file.name };
  });
  return modelOfResults(results, now, options);
}

/** The same of results that were read already. */
export function modelOfResults(
  results: (Result & { name: string })[],
  now: Date,
  { gate, toolVersion }: ConvertOptions = {},
): ReportModel {
  const outcomes = results.map(({ outcome }) => outcome);
  const asked = gate ?? unasked(now);
  const judged = judgeResults(outcomes, asked);
  const verdict: Verdict = gate === undefined ? { ...judged, gate: { ...judged.gate, isUnasked: true } } : judged;
  const model: ReportModel = {
    ...toOrigin(results, now, toolVersion),
    jail: undefined,
    grant: undefined,
    profiles: uniqueProfiles(outcomes.map(({ profile }) => profile)),
    passedOver: [],
    verdict,
    warnings: unusedThresholds(asked, verdict).map(name => `threshold: ${name} matches none of the results`),
    request: { converted: results.map(({ name }) => basename(name)) },
  };
  return redactModel(model, makeRedactor([])); // this run has no secrets, but texts may hold anybody's
}

/** Nobody asked for a verdict: one is shown, and it does not decide how a conversion ends. */
const unasked = (now: Date): GateRequest => ({
  threshold: strictestThreshold,
  source: 'no threshold was given: every control passes or is waived',
  failOn: undefined,
  baseline: undefined,
  options: gateDefaults(now),
  reportOnly: true,
});

type RunFacts = Pick<ReportModel, 'tool' | 'run' | 'cluster' | 'engine'>;

function toOrigin(results: Result[], now: Date, version: string | undefined): RunFacts {
  const known = results.find(({ facts }) => facts !== undefined)?.facts;
  const audited = results.map(({ outcome }) => outcome);
  return {
    tool: { name: 'cinc-scan', version: version ?? known?.tool.version ?? 'unknown' },
    run: { id: toRunId(results), ...toSpan(audited, now) },
    cluster: { alias: audited[0]?.target.cluster ?? 'files', server: '', version: undefined },
    engine: engineOf(audited[0], known),
  };
}

/** That of the run they come from; files of several runs, or of none, make a new one. */
function toRunId(results: Result[]): string {
  const [first, ...others] = new Set(results.map(({ facts }) => facts?.run.id));
  // Anyone can write one into a file, and it stands in links and file names.
  if (first !== undefined && others.length === 0 && isRunId(first)) return first;
  const hash = createHash('sha256');
  for (const { outcome } of results) hash.update(`${outcome.hdfText}\n`);
  return `converted-${hash.digest('hex').slice(0, 12)}`;
}

function toSpan(audited: Audited[], now: Date): Omit<ReportModel['run'], 'id'> {
  const [started = now.toISOString()] = audited.map(({ observation }) => observation.started).toSorted(byText);
  const seconds = audited.reduce((sum, { observation }) => sum + observation.seconds, 0);
  return { started, finished: now.toISOString(), seconds };
}

function engineOf(outcome: Audited | undefined, facts: ResultFacts | undefined): ReportModel['engine'] {
  if (outcome === undefined) return undefined;
  return { name: facts?.engine?.name ?? 'auditor', version: facts?.engine?.version ?? outcome.hdf.version, ruby: '' };
}

function uniqueProfiles(profiles: ProfileRef[]): ProfileRef[] {
  return [...new Map(profiles.map(profile => [JSON.stringify([profile.name, profile.sha256]), profile])).values()];
}
