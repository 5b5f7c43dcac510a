// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ErrorCode, isScanError, ScanError, toMessage } from '../errors/index.ts';
import {
  type FinishedScan,
  plural,
  type ReportModel,
  type Surface,
  toStoredModel,
  type WrittenReport,
} from '../report/index.ts';
import { mostResultBytes, readBounded } from '../request/index.ts';
import { contradictionIn } from './contradiction.ts';
import { manifestFile, readManifest } from './read-manifest.ts';
import { makeRedactor } from './redact/redact.ts';
import { redactModel } from './redact/redact-model.ts';

export type StoredRun =
  | {
      kind: 'run';
      /** As it was judged: every report made of it is the one that the run made. */
      model: ReportModel;
      reports: WrittenReport[];
      surfaces: Surface[];
      /** Targets whose result files are not in the folder: their findings are not known any more. */
      missing: string[];
    }
  | { kind: 'refused'; code: ErrorCode; problem: string }
  /** No run of ours lies there. */
  | { kind: 'none' };

/** Whether a path names a run rather than a result file: its output folder, or the manifest in it. */
export function isRunPath(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return true;
  // An auditor may have written its result under the manifest's name.
  if (basename(path) !== manifestFile) return false;
  const manifest = readManifest(dirname(path));
  return manifest !== undefined && manifest.kind !== 'stranger';
}

/** A run from its output folder, or from the manifest in it. Anyone can have written either. */
export function readRun(path: string): StoredRun {
  const folder = basename(path) === manifestFile ? dirname(path) : path;
  const manifest = readManifest(folder);
  if (manifest === undefined || manifest.kind === 'stranger') return { kind: 'none' };
  if (manifest.kind === 'refused') return { kind: 'refused', code: manifest.code, problem: manifest.problem };
  if (manifest.scan === undefined)
    return { kind: 'refused', code: 'RUN_VERSION', problem: 'layout 1 does not keep what each control counted as' };
  try {
    return restore(folder, manifest.scan);
  } catch (error) {
    return { kind: 'refused', code: isScanError(error) ? error.code : 'RUN_INVALID', problem: toMessage(error) };
  }
}

/** The same where only a whole run will do. Throws RUN_INVALID, or the code that refuses it. */
export function requireRun(path: string): ReportModel {
  const run = readRun(path);
  if (run.kind === 'none') throw new ScanError('RUN_INVALID', `${path} has no scan.json of a run`);
  if (run.kind === 'refused') throw new ScanError(run.code, `${path}: ${run.problem}`);
  if (run.missing.length === 0) return run.model;
  const names = run.missing.slice(0, 10).join(', ');
  throw new ScanError(
    'RUN_INVALID',
    `${path} lacks the result files of ${plural(run.missing.length, 'target')}: ${names}`,
  );
}

function restore(folder: string, scan: FinishedScan): StoredRun {
  const audited = scan.targets.flatMap(target => (target.outcome === 'audited' ? [target] : []));
  const texts = readTexts(folder, new Set(audited.map(({ hdf }) => hdf.sha256)));
  const missing = audited.filter(({ hdf }) => !texts.has(hdf.sha256)).map(({ name }) => name);
  const model = redactModel(toStoredModel(scan, texts), makeRedactor([])); // texts may hold anybody's secrets
  const problem = contradictionIn(scan, model);
  if (problem !== undefined) return { kind: 'refused', code: 'RUN_INVALID', problem };
  const warning = `Not in the folder of this run: ${plural(missing.length, 'result file')}`;
  const warnings = missing.length > 0 ? [warning, ...model.warnings] : model.warnings;
  const { reports, surfaces } = scan;
  return { kind: 'run', model: { ...model, warnings }, reports, surfaces: surfaces.map(toSurface), missing };
}

const toSurface = ({ name, ok, message }: FinishedScan['surfaces'][number]): Surface => ({
  name,
  ok,
  ...(message !== undefined && { message }),
});

/** The result files in a folder that are wanted, by digest: whatever else lies there is none of the run's. */
function readTexts(folder: string, wanted: ReadonlySet<string>): Map<string, string> {
  const texts = new Map<string, string>();
  const names = readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.json') && entry.name !== manifestFile)
    .map(({ name }) => name);
  for (const name of names) {
    const read = readBounded(join(folder, name), mostResultBytes);
    if (read.kind === 'unreadable') continue; // its target is told as missing
    const digest = createHash('sha256').update(read.bytes).digest('hex');
    if (wanted.has(digest)) texts.set(digest, new TextDecoder('utf-8', { ignoreBOM: true }).decode(read.bytes));
  }
  return texts;
}
