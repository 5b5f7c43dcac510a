// SPDX-License-Identifier: Apache-2.0
import { Budget } from '../../html/budget.ts';
import { framed, sections } from '../../html/frame.ts';
import { type Html, html } from '../../html/markup.ts';
import { timeText } from '../../html/parts.ts';
import { styleFor } from '../../html/style.ts';
import { verdictWords } from '../../words.ts';
import type { FindingsModel } from '../model.ts';
import { verdictOf } from '../tally.ts';
import { areaDetails, areaTable } from './areas.ts';
import { changes } from './changes.ts';
import { first } from './first.ts';
import { headline, notLooked } from './headline.ts';
import { sources } from './sources.ts';
import { findingsStyle } from './style-findings.ts';
import { trend } from './trend.ts';
import { waivers } from './waivers.ts';

/** One self-contained page without a script: verdict, what was not looked at, the six areas, and every finding below them. */
export function renderFindingsHtml(model: FindingsModel): string {
  const style = `${styleFor({ id: model.run.id, finished: model.run.at }, 0)}${findingsStyle}`;
  const at = timeText(model.run.at);
  return framed({
    title: `${verdictWords[verdictOf(model)]}: findings of ${model.scope}, ${at}`,
    style,
    skip: html`<a class="skip" href="#areas">Skip to the areas</a>`,
    content: html`${headline(model)}${body(model)}`,
    footer: html`Made by ${model.tool.name} ${model.tool.version}, run <code>${model.run.id}</code>, ${at}.`,
  });
}

const titles = {
  'not-looked': 'Not looked at',
  areas: 'By area',
  changes: 'Since the run before',
  first: 'What to update first',
  trend: 'Trend',
  sources: 'Sources',
  findings: 'Findings',
  waivers: 'Waivers',
} as const;

function body(model: FindingsModel): Html {
  return sections(titles, {
    'not-looked': notLooked(model),
    areas: areaTable(model),
    changes: changes(model),
    first: first(model),
    trend: trend(model),
    sources: sources(model),
    findings: areaDetails(model, new Budget()),
    waivers: waivers(model),
  });
}
