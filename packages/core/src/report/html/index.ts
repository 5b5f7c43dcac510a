// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { frameworks } from '../frameworks.ts';
import type { ReportModel } from '../model.ts';
import { verdictWords } from '../words.ts';
import { controls } from './controls.ts';
import { changes, waivers } from './exceptions.ts';
import { frameworkSections } from './frameworks.ts';
import { Html, html } from './markup.ts';
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
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${titleOf(model)}</title>
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#controls">Skip to the controls</a>
${headline(page)}${body(page, options)}<footer><p>Made by ${model.tool.name} ${model.tool.version}, run <code>${model.run.id}</code>, ${timeText(model.run.finished)}.</p></footer>
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}

function titleOf({ verdict, cluster, run }: ReportModel): string {
  return `${verdictWords[verdict.verdict]}: cinc-scan of ${cluster.alias}, ${timeText(run.finished)}, run ${run.id}`;
}

function policy(style: string): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'`;
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
  const sections: Record<keyof typeof titles, Html> = {
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
  };
  const shown = Object.entries(sections).filter(([, part]) => part.text !== '');
  const names = new Map<string, string>(Object.entries(titles));
  const links = shown.map(([id]) => html`<li><a href="#${id}">${names.get(id)}</a></li>`);
  return html`<div class="page">
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${shown.map(([, part]) => part)}</main>
</div>
`;
}
