// SPDX-License-Identifier: Apache-2.0
import { Html, html, palette, shortLine, timeText, variablesOf, verdictWords } from '../../report/index.ts';
import type { ListedConsolidation, ListedRun } from './run-list.ts';

const style = `:root{color-scheme:light dark;${variablesOf(palette.light)}}
@media (prefers-color-scheme:dark){:root{${variablesOf(palette.dark)}}}
body{margin:2rem auto;max-width:70rem;padding:0 1rem;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
table{width:100%;border-collapse:collapse;background:var(--card)}
th,td{padding:.5rem .8rem;border:1px solid var(--rule);text-align:left;overflow-wrap:anywhere}
a{color:var(--link)}.pass{color:var(--p)}.fail{color:var(--f)}.error{color:var(--e)}`;

export interface RunLists {
  runs: readonly ListedRun[];
  consolidations: readonly ListedConsolidation[];
}

/** Every run with its verdict, each leading to its page. */
export function renderRunList(title: string, { runs, consolidations }: RunLists): string {
  const tables = [
    ...(consolidations.length === 0 ? [] : [consolidationTable(consolidations)]),
    ...(runs.length === 0 ? [] : [runTable(runs)]),
  ];
  const body = tables.length === 0 ? html`<p>There are no results in this folder.</p>` : html`${tables}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cinc-scan results</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>Results in ${shortLine(title, 300)}</h1>
${body}
</main>
</body>
</html>
`.text;
}

const nameOf = ({ name, stored }: ListedRun) => shortLine(name === '' ? (stored?.run.id ?? 'this folder') : name, 200);

function cells({ stored }: ListedRun): Html {
  if (stored === undefined)
    return html`<td colspan="5">no manifest of a finished run: open it to see what is there</td>`;
  const { gate, compliance, targets, run } = stored;
  const percent = compliance.percent === null ? '–' : `${compliance.percent} %`;
  return html`<td><strong class="${gate.verdict}">${verdictWords[gate.verdict]}</strong></td><td>${shortLine(gate.reason, 100)}</td><td>${percent}</td><td>${targets.length}</td><td>${timeText(run.finished)}</td>`;
}

const runTable = (runs: readonly ListedRun[]): Html =>
  html`<table><thead><tr><th scope="col">Run</th><th scope="col">Verdict</th><th scope="col">Reason</th><th scope="col">Compliance</th><th scope="col">Targets</th><th scope="col">Finished</th></tr></thead>
<tbody>
${runs.map(
  run => html`<tr><th scope="row"><a href="${run.path}">${nameOf(run)}</a></th>${cells(run)}</tr>
`,
)}</tbody></table>`;

/** Of all scanners of a scope. */
const consolidationTable = (runs: readonly ListedConsolidation[]): Html =>
  html`<h2>All scanners</h2>
<table><thead><tr><th scope="col">Scope</th><th scope="col">Run</th><th scope="col">Verdict</th><th scope="col">Did not look</th><th scope="col">New</th><th scope="col">Critical, high</th><th scope="col">Began</th></tr></thead>
<tbody>
${runs.map(
  run => html`<tr>${consolidationCells(run)}</tr>
`,
)}</tbody></table>`;

function consolidationCells({ kind, manifest, name, path }: ListedConsolidation): Html {
  if (manifest === undefined) {
    const why = kind === 'unfinished' ? 'not finished: its manifest is not there' : 'its manifest cannot be read';
    return html`<td></td><th scope="row">${shortLine(name, 200)}</th><td colspan="5">${why}</td>`;
  }
  const { scope, run, verdict, sources, counts } = manifest;
  const lost = sources.filter(source => source.kind === 'not-looked').length;
  const { status, severity } = counts;
  return html`<td>${shortLine(scope, 200)}</td><th scope="row"><a href="${path}">${shortLine(run.id, 200)}</a></th><td><strong class="${verdict}">${verdictWords[verdict]}</strong></td><td>${lost} of ${sources.length}</td><td>${status.new + status.returned}</td><td>${severity.critical}, ${severity.high}</td><td>${timeText(run.at)}</td>`;
}
