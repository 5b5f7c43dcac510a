// SPDX-License-Identifier: Apache-2.0
import { severities } from '../../outcome/index.ts';
import type { ReportModel } from '../model.ts';
import { type Replicas, toReplicas } from '../replicas.ts';
import type { Row } from '../rows.ts';
import { shortLine } from '../text.ts';
import { type OutcomeView, toViews } from '../views.ts';
import { byText, type StatusWord, worstFirst } from '../words.ts';
import { Budget } from './budget.ts';

/** One target, under every profile it was audited with. */
export interface Column {
  name: string;
  views: OutcomeView[];
}

/** One control of one profile over all targets: told once, however many targets there are. */
export interface ControlView {
  anchor: string;
  /** The worst of its rows stands for it. */
  row: Row;
  /** By column; undefined where it was not judged. */
  cells: (Row | undefined)[];
}

export interface Page {
  model: ReportModel;
  views: OutcomeView[];
  /** The same views, equal replicas together. */
  replicas: Replicas[];
  columns: Column[];
  profiles: string[];
  /** By severity, then id. */
  controls: ControlView[];
  anchors: ControlAnchors;
  budget: Budget;
}

/** Where a control of a view is told: by its id as the gate writes it, or its key. */
type ControlAnchors = ReadonlyMap<OutcomeView, ReadonlyMap<string, string>>;

export function toPage(given: ReportModel): Page {
  const model = bounded(given);
  const views = toViews(model);
  const columns = toColumns(views);
  const controls = toControls(columns);
  const profiles = [...new Set(controls.map(({ row }) => row.profile))].toSorted(byText);
  const anchors = toAnchors(views, controls);
  return { model, views, replicas: toReplicas(views), columns, profiles, controls, anchors, budget: new Budget() };
}

/** What a page repeats is short, whatever a file says of itself. */
function bounded(model: ReportModel): ReportModel {
  const { cluster, verdict, tool } = model;
  return {
    ...model,
    tool: { ...tool, version: shortLine(tool.version, 100) },
    cluster: { ...cluster, alias: shortLine(cluster.alias, 200) },
    verdict: { ...verdict, gate: { ...verdict.gate, source: shortLine(verdict.gate.source, 500) } },
  };
}

/** Views of one target in one column; a second look at the same profile, as of another run, gets a column of its own. */
function toColumns(views: OutcomeView[]): Column[] {
  const severalClusters = new Set(views.map(view => view.judged.outcome.target.cluster)).size > 1;
  const byName = new Map<string, Column[]>();
  for (const view of views) {
    const cluster = shortLine(view.judged.outcome.target.cluster, 200);
    const name = severalClusters ? `${cluster}/${view.name}` : view.name;
    const known = byName.get(name) ?? [];
    const free = known.find(column => column.views.every(each => each.profile !== view.profile));
    if (free !== undefined) free.views.push(view);
    else known.push({ name: known.length === 0 ? name : `${name} (${known.length + 1})`, views: [view] });
    byName.set(name, known);
  }
  return [...byName.values()].flat();
}

function toControls(columns: Column[]): ControlView[] {
  const found = new Map<string, (Row | undefined)[]>();
  for (const [index, column] of columns.entries())
    for (const row of column.views.flatMap(view => view.rows)) {
      const place = JSON.stringify([row.profile, row.profileVersion, row.key]);
      const cells = found.get(place) ?? Array.from<undefined>({ length: columns.length });
      cells[index] = row;
      found.set(place, cells);
    }
  const taken = new Set<string>();
  return [...found.values()]
    .map(cells => ({ cells, row: worstRow(cells) }))
    .flatMap(({ cells, row }) => (row === undefined ? [] : [{ cells, row }]))
    .toSorted((a, b) => compareRows(a.row, b.row))
    .map(({ cells, row }) => ({ anchor: anchorFor(row.key, taken), row, cells }));
}

function worstRow(cells: readonly (Row | undefined)[]): Row | undefined {
  let worst: Row | undefined;
  for (const row of cells) if (row !== undefined && (worst === undefined || rank(row) < rank(worst))) worst = row;
  return worst;
}

// A waiver is the weakest of all: it stands for a control only where nothing else is known of it.
const rank = (row: Row) => (row.waived ? worstFirst.length : worstFirst.indexOf(row.status));

function compareRows(a: Row, b: Row): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    byText(a.key, b.key) ||
    byText(a.profile, b.profile) ||
    byText(a.profileVersion, b.profileVersion)
  );
}

/** Made from the id, so that a link to a control still works in tomorrow's report. */
function anchorFor(key: string, taken: Set<string>): string {
  const slug = `c-${key.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60)}`;
  let anchor = slug;
  for (let copy = 2; taken.has(anchor); copy++) anchor = `${slug}-${copy}`;
  taken.add(anchor);
  return anchor;
}

function toAnchors(views: OutcomeView[], controls: ControlView[]): ControlAnchors {
  const byRow = new Map(controls.flatMap(({ cells, anchor }) => cells.map(row => [row, anchor] as const)));
  return new Map(
    views.map(view => {
      const named = view.rows.flatMap(row => {
        const anchor = byRow.get(row);
        return anchor === undefined ? [] : [[row.key, anchor] as const, [row.id, anchor] as const];
      });
      return [view, new Map(named)];
    }),
  );
}

/** The order in which statuses are shown: what needs attention first. */
export const words = [
  'Failed',
  'Error',
  'Not reviewed',
  'Passed',
  'Waived',
  'Not applicable',
] as const satisfies StatusWord[];

/** One letter for each word, in classes and in the data that the filter reads. */
export const letters = {
  Failed: 'f',
  Error: 'e',
  'Not reviewed': 's',
  Passed: 'p',
  Waived: 'w',
  'Not applicable': 'n',
} as const satisfies Record<StatusWord, string>;
