// SPDX-License-Identifier: Apache-2.0
import { frameworks } from '../frameworks.ts';
import type { ReportModel } from '../model.ts';
import { verdictWords } from '../words.ts';
import { controls } from './controls.ts';
import { changes, waivers } from './exceptions.ts';
import { framed, sections } from './frame.ts';
import { frameworkSections } from './frameworks.ts';
import { type Html, html } from './markup.ts';
import { overview } from './overview.ts';
import { type Page, toPage } from './page.ts';
import { timeText } from './parts.ts';
import { runFacts } from './run-facts.ts';
import { script } from './script.ts';
import { styleFor } from './style.ts';
import { matrix, targets } from './targets.ts';
import { type TrendPoint, trend } from './trend.ts';
import { headline, notJudged, warnings, why } from './verdict.ts';

export { type TrendPoint, toTrendPoint } from './trend.ts';

export interface HtmlOptions {
  /** Earlier runs of the same thing, in any order. */
  trend?: TrendPoint[];
}

/** One self-contained page: reads without style and script, asks for nothing, and says the verdict first. */
export function renderHtml(given: ReportModel, options: HtmlOptions = {}): string {
  const page = toPage(given);
  const { model } = page;
  const style = styleFor(model.run, page.controls.length);
  const { tool, run } = model;
  return framed({
    title: titleOf(model),
    style,
    script,
    skip: html`<a class="skip" href="#controls">Skip to the controls</a>`,
    content: html`${headline(page)}${body(page, options)}`,
    footer: html`Made by ${tool.name} ${tool.version}, run <code>${run.id}</code>, ${timeText(run.finished)}.`,
  });
}

function titleOf({ verdict, cluster, run }: ReportModel): string {
  return `${verdictWords[verdict.verdict]}: cinc-scan of ${cluster.alias}, ${timeText(run.finished)}, run ${run.id}`;
}

const titles = {
  'not-judged': 'Not judged',
  why: 'Why',
  warnings: 'Warnings',
  overview: 'By severity',
  targets: 'Targets',
  changes: 'Since the baseline',
  trend: 'Trend',
  matrix: 'Side by side',
  'nist-800-53': frameworks['nist-800-53'].title,
  'nist-800-190': frameworks['nist-800-190'].title,
  'cis-docker': frameworks['cis-docker'].title,
  'cis-kubernetes': frameworks['cis-kubernetes'].title,
  'mitre-attack': frameworks['mitre-attack'].title,
  waivers: 'Waivers',
  controls: 'Controls',
  run: 'About this run',
} as const;

function body(page: Page, options: HtmlOptions): Html {
  return sections(titles, {
    'not-judged': notJudged(page),
    why: why(page),
    warnings: warnings(page),
    overview: overview(page),
    targets: targets(page),
    changes: changes(page),
    trend: trend(page, options.trend ?? []),
    matrix: matrix(page),
    ...frameworkSections(page),
    waivers: waivers(page),
    controls: controls(page),
    run: runFacts(page),
  });
}
