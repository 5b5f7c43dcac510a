// SPDX-License-Identifier: Apache-2.0
// A run that was made elsewhere, from the contents of its files. Anyone can have written them: it is read as `cinc-scan report`
// reads a folder, and held against the gate once more.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type GateRequest,
  gateDefaults,
  isScanError,
  judgedOtherwise,
  modelOfResults,
  parseThresholdFile,
  type ReportModel,
  requireRun,
  ScanError,
  shortLine,
  targetName,
  toGivenResult,
  toMessage,
} from '@cinc-scan/core';

interface SentFile {
  path: string;
  content: string;
}

export interface SentRun {
  /** What the folder or file is called where it comes from. */
  name: string;
  files: readonly SentFile[];
  /** What result files alone are held against; without one it is the strictest gate. */
  threshold: { name: string; content: string } | undefined;
}

export interface ReadRun {
  /** run: it was judged where it was made; results: judged here. */
  kind: 'run' | 'results';
  model: ReportModel;
  /** The same for the same run, whatever its folder is called. */
  key: string;
}

const manifestFile = 'scan.json';

/** Throws RUN_INVALID and its like, RESULT_INVALID, THRESHOLD_INVALID, INPUT_INVALID: what was sent is refused as a whole. */
export async function runOfFiles(sent: SentRun, now: Date): Promise<ReadRun> {
  const isRun = sent.files.some(({ path }) => path === manifestFile);
  if (isRun && sent.threshold !== undefined)
    throw new ScanError(
      'INPUT_INVALID',
      `${sent.name}: threshold: a run was judged already; give one with result files`,
    );
  const model = isRun ? await runOfFolder(sent) : runOfResults(sent);
  requirePast(model, { name: sent.name, now });
  return { kind: isRun ? 'run' : 'results', model, key: keyOf(model) };
}

async function runOfFolder({ name, files }: SentRun): Promise<ReportModel> {
  const folder = await mkdtemp(join(tmpdir(), 'cinc-scan-import-'));
  try {
    // Names that are ours: one that was sent could lead anywhere.
    for (const [index, { path, content }] of files.entries())
      await writeFile(join(folder, path === manifestFile ? manifestFile : `${index}.json`), content, { flag: 'wx' });
    const model = requireRun(folder);
    requireOwn(model, files, name);
    const otherwise = judgedOtherwise(model);
    if (otherwise === undefined) return model;
    throw new ScanError('RUN_INVALID', `${name}: ${otherwise}`);
  } catch (error) {
    if (!isScanError(error)) throw error;
    const told = toMessage(error).replaceAll(folder, name);
    throw new ScanError(error.code, shortLine(told, 1000), { cause: error, remedy: error.remedy });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the manifest does not list is of another run: whoever sent it means something else than it gets. */
function requireOwn({ verdict }: ReportModel, files: readonly SentFile[], name: string): void {
  const own = verdict.judged.flatMap(({ outcome }) => (outcome.kind === 'audited' ? [outcome.hdfText] : []));
  const texts = new Set(own);
  const strange = files.find(({ path, content }) => path !== manifestFile && !texts.has(content));
  if (strange === undefined) return;
  throw new ScanError('RUN_INVALID', `${name}: ${strange.path} is not a result that its ${manifestFile} lists`);
}

function runOfResults({ name, files, threshold }: SentRun): ReportModel {
  const given = files.map(({ path, content }) => toGivenResult({ name: path, text: content }));
  const [refused] = given.filter(each => each.kind === 'refused');
  if (refused !== undefined)
    throw new ScanError('RESULT_INVALID', shortLine(`${name}: ${refused.name}: ${refused.problem}`, 1000));
  const results = given.filter(each => each.kind === 'result');
  // As of the time that they are from: the same files give the same run, whenever they come.
  const ends = results.map(
    ({ outcome: { observation } }) => Date.parse(observation.started) + observation.seconds * 1000,
  );
  const then = new Date(Math.max(0, ...ends.filter(Number.isFinite)));
  return modelOfResults(results, then, { gate: threshold && gateOf(threshold, then) });
}

function gateOf({ name, content }: NonNullable<SentRun['threshold']>, now: Date): GateRequest {
  const parsed = parseThresholdFile(content);
  if (parsed.kind === 'refused') throw new ScanError('THRESHOLD_INVALID', `${name}: ${parsed.reason}`);
  return {
    threshold: parsed.kind === 'set' ? parsed.set : parsed.threshold,
    source: name,
    failOn: undefined,
    baseline: undefined,
    options: gateDefaults(now),
    reportOnly: false,
  };
}

const skewMs = 60_000;

/** A look from tomorrow would outdo every look until then. */
function requirePast({ run: { started, finished } }: ReportModel, { name, now }: { name: string; now: Date }): void {
  const [from, to] = [Date.parse(started), Date.parse(finished)];
  if (from <= to && to <= now.getTime() + skewMs) return;
  throw new ScanError('RUN_INVALID', `${name}: it says that it ran from ${started} to ${finished}, which cannot be`);
}

function keyOf({ run, verdict }: ReportModel): string {
  const outcomes = verdict.judged.map(({ outcome }) =>
    outcome.kind === 'audited'
      ? createHash('sha256').update(outcome.hdfText).digest('hex')
      : `${outcome.error.code} ${targetName(outcome.target)}`,
  );
  const about = [run.id, run.started, run.finished, verdict.verdict, verdict.reason, verdict.gate, outcomes.toSorted()];
  return createHash('sha256').update(JSON.stringify(about)).digest('hex');
}
