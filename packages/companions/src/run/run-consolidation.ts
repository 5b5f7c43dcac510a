// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  type AlertRequest,
  type AppliedWaivers,
  alertSecrets,
  applyWaivers,
  type ComparedFinding,
  dueAlerts,
  type FindingsModel,
  type FindingsReportSpec,
  type FindingWaiver,
  type GateRequest,
  type Outputs,
  readBounded,
  ScanError,
  type Surface,
  toFindingsOutputs,
  writeAtomic,
} from '@cinc-scan/core';
import { toFindingsModel } from '../results/findings-model.ts';
import { type HdfOptions, toHdf, type UnknownAs } from '../results/hdf.ts';
import { type Consolidation, consolidate, type Given } from '../sources/consolidate.ts';
import { parseSources } from '../sources/schema.ts';
import { parseWaiverFile } from '../sources/waiver-file.ts';
import { tellAlerts, withSurfaces } from './alerts.ts';
import { type Compared, compareWithNothing, compareWithState, type StateMissing } from './compare-with-state.ts';
import { findResults } from './find-results.ts';
import { gateHdf, type SourcesGate } from './gate-hdf.ts';
import { keepRun } from './keep-run.ts';
import { refuseScanFolder, writeOutputs } from './outputs-file.ts';
import { openPlaces, Places, type PlacesDeps, type PlacesRequest } from './places.ts';
import { type FindingsVerdict, newOnes, toVerdict } from './verdict.ts';
import { type PlacedReport, printFindings, shownPath, writeFindings } from './write-findings.ts';

/** What is to be consolidated, by which rules, and where it goes; paths may be relative to the workspace. */
export interface ConsolidationRequest extends PlacesRequest {
  /** The file of sources. */
  sources: string;
  /** Results that were named; none means what the sources look for. */
  files: readonly string[];
  waivers: readonly string[];
  stateMissing: StateMissing;
  gate: GateRequest | undefined;
  failOnNew: UnknownAs | undefined;
  unknownAs: UnknownAs;
  reportOnly: boolean;
  reports: readonly FindingsReportSpec[];
  outputDir: string;
  alerts: AlertRequest;
  /** A name for the run; of its time unless given. */
  runId: string | undefined;
}

/** The effects of a consolidation. */
export interface ConsolidationDeps extends PlacesDeps {
  tool: { name: string; version: string };
  now: Date;
  /** Standard output, for reports that go there. */
  print: (piece: string) => Promise<void>;
}

/** What came of it. */
export interface ConsolidationRun {
  consolidation: Consolidation;
  compared: Compared;
  applied: AppliedWaivers;
  gate: SourcesGate | undefined;
  /** New findings that must not be. */
  fresh: readonly ComparedFinding[];
  verdict: FindingsVerdict;
  model: FindingsModel;
  reports: PlacedReport[];
  /** What became of each message that was due. */
  surfaces: readonly Surface[];
  /** What the next step of a pipeline reads. */
  outputs: Outputs;
  /** What kept the run from being kept. */
  failure: ScanError | undefined;
  /** Its folder in the store. */
  keptIn?: string | undefined;
}

/** Reads what every source left, compares and judges it, writes the reports and keeps the run; the state last. */
export async function runConsolidation(
  request: ConsolidationRequest,
  deps: ConsolidationDeps,
): Promise<ConsolidationRun> {
  requireState(request);
  refuseScanFolder(request, deps);
  deps.onSecrets?.(alertSecrets(request.alerts));
  const opened = openPlaces(request, deps);
  const prepared = await prepare(request, deps);
  const { consolidation, applied, hdf, files } = prepared;
  const { sources } = consolidation;
  const places = new Places(opened, consolidation.scope, request);
  const at = deps.now.toISOString();
  const options = { place: places.state, missing: request.stateMissing, at };
  const run = await keepRun<ConsolidationRun>({
    compare: () => compareWithState(consolidation, applied.waived, options),
    compareWithNothing: () => compareWithNothing(consolidation, applied.waived, at),
    conclude: (compared, failure) => conclude({ ...prepared, compared, failure }, request, deps),
    keep: ({ model }) => places.keep(model, { sources, files, hdf }),
    due: ({ model, compared }) => dueAlerts(model, compared.alerts, request),
    retell: ({ model }) => places.retell(model),
  });
  await printFindings(run.model, request.reports, deps);
  return await tell({ ...run, keptIn: places.address }, request, deps);
}

/** People are told of what is kept, and of nothing else: else they would be told again by every run. */
async function tell(
  run: ConsolidationRun,
  request: ConsolidationRequest,
  deps: ConsolidationDeps,
): Promise<ConsolidationRun> {
  if (run.failure !== undefined) return run;
  const due = dueAlerts(run.model, run.compared.alerts, request);
  const surfaces = await tellAlerts({ ...run, due }, request.alerts, deps);
  const verdict = withSurfaces(run.verdict, surfaces, request.alerts);
  if (verdict === run.verdict) return { ...run, surfaces };
  const outputs = toFindingsOutputs(run.model, { ...run, reason: verdict.reason, exitCode: verdict.code });
  await writeOutputs(outputs, request.outputDir, deps.workspace);
  return { ...run, surfaces, verdict, outputs };
}

/** What does not depend on earlier runs. */
async function prepare(request: ConsolidationRequest, deps: ConsolidationDeps) {
  const { now, workspace } = deps;
  const { consolidation, files } = readSources(request, deps);
  const waivers = [...readWaivers(request, deps), ...consolidation.statements];
  const applied = applyWaivers(consolidation.findings, waivers, now);
  const { unknownAs } = request;
  const folder = resolve(workspace, request.outputDir);
  const options = { at: now.toISOString(), unknownAs, waived: applied.waived };
  const hdf = await writeHdf(consolidation, options, { folder, workspace });
  const gate = request.gate && gateHdf(hdf, request.gate);
  return { consolidation, files, waivers, applied, hdf, gate };
}

interface Conclusion extends Awaited<ReturnType<typeof prepare>> {
  compared: Compared;
  failure: ScanError | undefined;
}

async function conclude(
  { consolidation, waivers, applied, hdf, gate, compared, failure }: Conclusion,
  request: ConsolidationRequest,
  deps: ConsolidationDeps,
): Promise<ConsolidationRun> {
  const fresh = failure === undefined || compared.isCompared ? freshOnes(compared, request) : [];
  const verdict = judgeSources(consolidation, { gate, fresh, failure }, request);
  const about = {
    ...runAt(deps.now.toISOString(), request),
    tool: deps.tool,
    ...reportFacts(compared, verdict),
    ...shownSources(request, deps),
  };
  const { scope, sources } = consolidation;
  const model = toFindingsModel({ sources, waivers, applied }, { ...about, scope });
  const folder = resolve(deps.workspace, request.outputDir);
  const reports = [
    ...(await writeFindings(model, request.reports, { ...deps, folder })),
    ...hdf.map(path => ({ format: 'hdf', path: shownPath(path, deps.workspace) })),
  ];
  const outputs = toFindingsOutputs(model, { reason: verdict.reason, exitCode: verdict.code, reports });
  await writeOutputs(outputs, request.outputDir, deps.workspace);
  const surfaces: Surface[] = [];
  return { consolidation, compared, applied, gate, fresh, verdict, model, reports, surfaces, outputs, failure };
}

function judgeSources(
  { sources }: Consolidation,
  found: Pick<Parameters<typeof toVerdict>[0], 'gate' | 'fresh' | 'failure'>,
  { failOnNew: least, reportOnly: isReportOnly }: ConsolidationRequest,
) {
  return toVerdict({ ...found, sources, least, isReportOnly });
}

const runAt = (at: string, { runId }: ConsolidationRequest) => ({
  run: { id: runId ?? at.replaceAll(/[^0-9TZ]/g, ''), at },
});

const reportFacts = ({ isCompared, rows, trend }: Compared, { code, exit, reasons }: FindingsVerdict) => ({
  exitCode: code,
  exit,
  reasons,
  isCompared,
  rows,
  trend,
});

/** The file of sources as the repository has it. */
function shownSources({ sources }: ConsolidationRequest, { workspace }: ConsolidationDeps) {
  const path = resolve(workspace, sources);
  const shown = shownPath(path, workspace);
  return { sourcesFile: isAbsolute(shown) ? basename(path) : shown };
}

function freshOnes({ rows }: Compared, { failOnNew, unknownAs }: ConsolidationRequest): ComparedFinding[] {
  return failOnNew === undefined ? [] : newOnes(rows, failOnNew, unknownAs);
}

/** Without a state everything is new, and that on every day. */
function requireState({ failOnNew, state, store, alerts: { channels } }: ConsolidationRequest): void {
  if (state !== undefined || store !== undefined) return;
  const [channel] = channels;
  const what = failOnNew === undefined ? channel && `alert-${channel.kind}` : 'fail-on-new';
  if (what === undefined) return;
  throw new ScanError('USAGE', `${what} needs a state: what is new is known from the runs before`, {
    remedy: 'Add --state with a file that is kept from run to run, or --store.',
  });
}

function readSources(
  request: ConsolidationRequest,
  { workspace, now }: ConsolidationDeps,
): { consolidation: Consolidation; files: Given[] } {
  const path = resolve(workspace, request.sources);
  const given = readBounded(path, 1_048_576);
  if (given.kind === 'unreadable') throw new ScanError('SOURCES_INVALID', `${path}: ${given.problem}`);
  const sources = parseSources(given.bytes.toString('utf8'), path);
  const named = request.files.map(file => resolve(workspace, file));
  const missing = named.filter(file => !existsSync(file));
  if (missing.length > 0) throw new ScanError('USAGE', `there is no such file: ${missing.join(', ')}`);
  const files = findResults(dirname(path), named, sources);
  return { consolidation: consolidate(sources, files, now), files };
}

function readWaivers({ waivers }: ConsolidationRequest, { workspace }: ConsolidationDeps): FindingWaiver[] {
  return waivers.flatMap(name => {
    const given = readBounded(resolve(workspace, name), 1_048_576);
    if (given.kind === 'unreadable') throw new ScanError('WAIVER_INVALID', `${name}: ${given.problem}`);
    return parseWaiverFile(given.bytes.toString('utf8'), name);
  });
}

/** The HDF files that were written, one for each source. */
async function writeHdf(
  { sources }: Consolidation,
  options: HdfOptions,
  { folder, workspace }: { folder: string; workspace: string },
): Promise<string[]> {
  const paths: string[] = [];
  for (const source of sources) {
    const path = join(folder, 'hdf', `${source.source.id}.json`);
    await writeAtomic(path, `${JSON.stringify(toHdf(source, options))}\n`, workspace);
    paths.push(path);
  }
  return paths;
}
