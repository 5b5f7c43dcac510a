// SPDX-License-Identifier: Apache-2.0
import { type Dirent, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { toMessage } from '../errors/index.ts';
import { readBounded } from '../outcome/read-bounded.ts';
import type { TrendPoint } from './html/index.ts';
import { oneLine } from './text.ts';

export interface FoundTrend {
  points: TrendPoint[];
  /** Manifests that say nothing: unfinished, broken or of another kind. */
  warnings: string[];
}

const mostBytes = 100 * 1_048_576;
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
  return entry.isFile() && basename(path) === 'scan.json' ? [path] : [];
}

const count = z.int().min(0);
const manifest = z.object({
  state: z.literal('finished', 'the run has not finished'),
  run: z.object({ id: z.string(), finished: z.iso.datetime({ offset: true }) }),
  gate: z.object({ verdict: z.enum(['pass', 'fail', 'error']) }),
  compliance: z.object({ percent: z.number().min(0).max(100).nullable() }),
  counts: z.object({
    passed: z.object({ total: count }),
    failed: z.object({ total: count }),
    skipped: z.object({ total: count }),
    no_impact: z.object({ total: count }),
    error: z.object({ total: count }),
  }),
  targets: z.array(z.object({ counts: z.unknown() })),
});

function readPoint(path: string): { point: TrendPoint } | { problem: string } {
  const read = readBounded(path, mostBytes);
  if (read.kind === 'unreadable') return { problem: read.problem };
  let document: unknown;
  try {
    document = JSON.parse(read.bytes.toString());
  } catch (error) {
    return { problem: `not JSON: ${toMessage(error)}` };
  }
  const parsed = manifest.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `not a run manifest: ${[...(issue?.path ?? []), issue?.message].join(': ')}` };
  }
  return { point: toPoint(parsed.data) };
}

function toPoint({ run, gate, compliance, counts, targets }: z.infer<typeof manifest>): TrendPoint {
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
