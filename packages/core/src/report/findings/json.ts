// SPDX-License-Identifier: Apache-2.0
import { type ComparedFinding, severityCounts } from '../../findings/index.ts';
import { jsonWithList } from './json-pieces.ts';
import type { FindingsModel, Pieces } from './model.ts';
import type { FindingsDocument } from './schema.ts';
import { statusCounts, verdictOf } from './tally.ts';

/** `findings.json`: what each source did, and every finding with what became of it. */
export function renderFindingsJson(model: FindingsModel): Pieces {
  const { tool, run, scope, reasons, isCompared, sources, waivers, rows } = model;
  const head: Omit<FindingsDocument, 'findings'> = {
    version: 1,
    tool,
    run,
    scope,
    verdict: verdictOf(model),
    exitCode: toExit(model.exitCode),
    reasons,
    isCompared,
    counts: { status: statusCounts(rows), severity: severityCounts(rows) },
    sources,
    waivers,
    trend: [...model.trend],
  };
  return jsonWithList(head, { name: 'findings', items: toItems(rows) });
}

const exits = [0, 2, 3, 4] as const;
const toExit = (code: number): FindingsDocument['exitCode'] => exits.find(exit => exit === code) ?? 5;

function* toItems(rows: readonly ComparedFinding[]): Iterable<FindingsDocument['findings'][number]> {
  for (const { finding, ...row } of rows) yield { ...row, ...finding };
}
