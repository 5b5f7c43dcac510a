// SPDX-License-Identifier: Apache-2.0

// Notes at places of the repository, as CI systems show them beside a run.
import { type Anchors, anchorOf } from './anchor.ts';
import type { ReportModel } from './model.ts';
import { severityWords } from './severity-words.ts';
import { type BadControl, badControls } from './tally.ts';
import { cut, oneLine, shorten } from './text.ts';
import { type OutcomeView, toViews } from './views.ts';
import { listed } from './words.ts';

export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  title: string;
  message: string;
  /** In the workspace, with `/`. */
  path: string;
  line: number;
}

// GitHub keeps ten errors of a step, cuts messages at 4,096 characters and titles where its page ends.
const mostAnnotations = 10;
const mostTroubles = 5;
const mostMessage = 3500;
const mostTitle = 200;

/** What could not be looked at, then the findings of the highest impact; one short of the limit, for the verdict. */
export function toAnnotations(model: ReportModel, anchors: Anchors): Annotation[] {
  const views = toViews(model);
  const isMet = model.verdict.verdict === 'pass';
  const troubles = views.flatMap(view => toTrouble(view, anchors)).slice(0, mostTroubles);
  const findings = badControls(views)
    .toSorted((a, b) => b.row.impact - a.row.impact)
    .map(found => toFinding(found, anchors, isMet));
  return [...troubles, ...findings].slice(0, mostAnnotations - 1);
}

function toTrouble({ name, trouble }: OutcomeView, { fallback }: Anchors): Annotation[] {
  if (trouble === undefined) return [];
  const { code, message, hint } = trouble;
  return [{ level: 'error', title: title(`${code}: ${name}`), message: text(`${message}\n${hint}`), ...fallback }];
}

function toFinding({ row, targets }: BadControl, anchors: Anchors, isMet: boolean): Annotation {
  const level = severityWords[row.severity].annotation;
  return {
    // What the gate tolerates is worth a look, and no error.
    level: isMet && level === 'error' ? 'warning' : level,
    title: title(`${row.word}: ${row.id} (${row.severity})`),
    message: text(`${row.title}\n${row.message}\nIn ${listed(targets)}`),
    ...anchorOf(anchors, row),
  };
}

const title = (words: string) => cut(oneLine(words), mostTitle);
const text = (words: string) => shorten(words, mostMessage);
