// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { oneLine, type ToldScan, type TrendPoint } from '../report/index.ts';
import { manifestFile, readManifestFile } from './read-manifest.ts';

export interface FoundTrend {
  points: TrendPoint[];
  /** Manifests that say nothing: unfinished, broken or of another kind. */
  warnings: string[];
}

const mostDepth = 4;

/** Earlier runs: every `scan.json` below a folder, however the runs are arranged in it. */
export function readTrend(folder: string): FoundTrend {
  const found: FoundTrend = { points: [], warnings: [] };
  for (const path of manifestsBelow(folder, 0)) {
    const read = readPoint(path);
    if ('point' in read) found.points.push(read.point);
    else found.warnings.push(`trend: ${oneLine(path)} was left out: ${oneLine(read.problem)}`);
  }
  return found;
}

/** Links are not followed: they may lead anywhere, also back. */
function manifestsBelow(folder: string, depth: number): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap(entry => manifestsIn(folder, entry, depth));
}

function manifestsIn(folder: string, entry: Dirent, depth: number): string[] {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return depth < mostDepth ? manifestsBelow(path, depth + 1) : [];
  return entry.isFile() && basename(path) === manifestFile ? [path] : [];
}

function readPoint(path: string): { point: TrendPoint } | { problem: string } {
  const read = readManifestFile(path);
  if (read === undefined) return { problem: 'there is no such file' };
  if (read.kind !== 'finished') return { problem: read.problem };
  return { point: toPoint(read.told) };
}

function toPoint({ run, gate, compliance, counts, targets }: ToldScan): TrendPoint {
  return {
    runId: run.id,
    finished: run.finished,
    verdict: gate.verdict,
    compliance: compliance.percent,
    counts: {
      passed: counts.passed.total,
      failed: counts.failed.total,
      skipped: counts.skipped.total,
      no_impact: counts.no_impact.total,
      error: counts.error.total,
    },
    audits: targets.length,
    notJudged: targets.filter(target => target.counts === null).length,
  };
}
