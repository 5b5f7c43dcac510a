// SPDX-License-Identifier: Apache-2.0
import { addCounts, type Compliance, type Counts, toCompliance } from '../gate/index.ts';
import { type ControlStatus, severities } from '../outcome/index.ts';
import type { FoldedView } from './replicas.ts';
import { type Row, shownResults } from './rows.ts';
import type { OutcomeView } from './views.ts';
import { byText, worstFirst } from './words.ts';

/** What the gate counted, over all outcomes. */
export function totalCounts(views: OutcomeView[]): Counts {
  return addCounts(views.flatMap(view => (view.counts === undefined ? [] : [view.counts])));
}

export const totalCompliance = (views: OutcomeView[]): Compliance => toCompliance(totalCounts(views));

export const percentText = (compliance: Compliance | undefined): string =>
  compliance === undefined || compliance.percent === null ? '–' : `${compliance.percent} %`;

/** Severities as counted: the known ones, then tags written in another case, which are in no bucket. */
export function severityColumns(counts: Counts): string[] {
  const odd = Object.values(counts).flatMap(row =>
    Object.keys(row).filter(name => name !== 'total' && !severities.some(known => known === name)),
  );
  return [...severities, ...[...new Set(odd)].toSorted(byText)];
}

export const statusOrder: readonly ControlStatus[] = ['failed', 'error', 'skipped', 'passed', 'no_impact'];

/** The same control failing or errored in one or more targets. */
export interface BadControl {
  row: Row;
  targets: string[];
  /** How many targets these are: a name may stand for several. */
  count: number;
}

/** Failed and errored controls of all targets, by severity, then by how many targets they concern. */
export function badControls(views: readonly (OutcomeView & Partial<FoldedView>)[]): BadControl[] {
  const found = new Map<string, { rows: Row[]; targets: string[]; count: number }>();
  for (const view of views)
    for (const row of view.rows) {
      if (row.status !== 'failed' && row.status !== 'error') continue;
      const place = JSON.stringify([row.profile, row.key]);
      const known = found.get(place) ?? { rows: [], targets: [], count: 0 };
      known.count += view.pods?.length ?? 1;
      known.rows.push(row);
      known.targets.push(view.name);
      found.set(place, known);
    }
  return [...found.values()]
    .flatMap(({ rows, ...where }) => {
      const [row] = rows.toSorted((a, b) => worstFirst.indexOf(a.status) - worstFirst.indexOf(b.status));
      return row === undefined ? [] : [{ row, ...where }];
    })
    .toSorted(compareBad);
}

function compareBad(a: BadControl, b: BadControl): number {
  return (
    severities.indexOf(a.row.severity) - severities.indexOf(b.row.severity) ||
    b.count - a.count ||
    byText(a.row.key, b.row.key)
  );
}

/** Evidence of a bad control as plain text, one result after another. */
export function evidenceText(row: Row): string {
  const { results, leftOut } = shownResults(row, 'bad');
  const lines = results.map(({ description, message }) =>
    message === '' ? description : `${description}\n${message}`,
  );
  const rest = leftOut > 0 ? [`(${leftOut} more; the result file has all of them)`] : [];
  return [...(lines.length > 0 ? lines : [row.message]), ...rest].join('\n');
}
