// SPDX-License-Identifier: Apache-2.0
import { totalCompliance, totalCounts } from '../tally.ts';
import { allViolations, allWarnings, type OutcomeView } from '../views.ts';
import { plural, verdictSentence } from '../words.ts';
import { ring } from './bars.ts';
import { type Html, html, nothing } from './markup.ts';
import type { Column, Page } from './page.ts';
import { columnHeads, controlLinks, grouped, section, table, timeText } from './parts.ts';
import { nameOf } from './replicas.ts';

const verdictLetters = { pass: 'p', fail: 'f', error: 'e' } as const;

/** The verdict in words, and the few numbers that carry it. */
export function headline(page: Page): Html {
  const { verdict, run, cluster } = page.model;
  const [word = '', ...meaning] = verdictSentence(verdict).split(': ');
  const compliance = totalCompliance(page.views);
  return html`<header class="hero ${verdictLetters[verdict.verdict]}">
<div class="verdict">
<p class="brand">cinc-scan report</p>
<h1><span class="word">${word}</span><span class="colon">: </span><span class="meaning">${meaning.join(': ')}</span></h1>
<p class="lead">${leadText(page)}</p>
<p class="when">Cluster <b>${cluster.alias}</b>, finished ${timeText(run.finished)}, run <code>${run.id}</code></p>
</div>
${ring(compliance.percent, 'p')}
${figures(page)}
</header>
`;
}

function leadText(page: Page): string {
  const unmet = allViolations(page.views);
  const where = new Set(unmet.map(({ view }) => view)).size;
  const lost = troubled(page.views).length;
  const { passed, total } = totalCompliance(page.views);
  return [
    unmet.length > 0
      ? `${plural(unmet.length, 'bound')} not met in ${where} of ${plural(page.views.length, 'audit')}.`
      : '',
    lost > 0 ? `${plural(lost, 'audit')} could not be judged.` : '',
    total > 0 ? `${grouped(passed)} of ${grouped(total)} control results that count towards compliance passed.` : '',
  ]
    .filter(text => text !== '')
    .join(' ');
}

const troubled = (views: OutcomeView[]) => views.filter(view => view.trouble !== undefined);
const isJudged = (column: Column) => column.views.every(view => view.trouble === undefined);

function figures({ views, columns }: Page): Html {
  const counts = totalCounts(views);
  const waived = views.reduce((sum, view) => sum + view.rows.filter(row => row.waived).length, 0);
  const pairs: [string, string | number, string][] = [
    ['Targets judged', `${columns.filter(isJudged).length} of ${columns.length}`, ''],
    ['Failed', counts.failed.total, 'f'],
    ['Error', counts.error.total, 'e'],
    ['Not reviewed', counts.skipped.total, 's'],
    ['Passed', counts.passed.total, 'p'],
    ['Not applicable', counts.no_impact.total - waived, 'n'],
    ['Waived', waived, 'w'],
  ];
  return html`<dl class="figures">${pairs.map(
    ([name, value, letter]) =>
      html`<div class="${letter}"><dt>${name}</dt><dd>${typeof value === 'number' ? grouped(value) : value}</dd></div>`,
  )}</dl>`;
}

const mostUnmet = 15;

/** Every bound that was not met, with the controls that make it so. */
export function why(page: Page): Html {
  if (allViolations(page.views).length === 0) return nothing;
  const severalProfiles = new Set(page.views.map(view => view.profile)).size > 1;
  const unmet = page.replicas.flatMap(same => same[0].violations.map(violation => ({ same, violation })));
  const rows = unmet.map(({ same, violation }) => {
    const [view] = same;
    const anchors = page.anchors.get(view);
    const profile = severalProfiles ? html`<td>${view.profile}</td>` : nothing;
    return html`<tr>${nameOf(same)}${profile}<td class="key"><code>${violation.key}</code></td><td>${violation.expected}</td><td><b>${violation.actual}</b></td><td class="ids">${controlLinks(violation.controls, id => anchors?.get(id))}</td></tr>
`;
  });
  const heads = ['Target', ...(severalProfiles ? ['Profile'] : []), 'Bound', 'Expected', 'Actual', 'Controls'];
  const head = columnHeads(...heads);
  const grid = table({
    caption: `${plural(allViolations(page.views).length, 'bound')}, and the controls that make it so`,
    head,
    rows: rows.slice(0, mostUnmet),
    className: 'loud',
  });
  const rest = rows.slice(mostUnmet);
  const more =
    rest.length === 0
      ? nothing
      : html`<details class="more"><summary>${plural(rest.length, 'more bound')}</summary>${table({ caption: 'More bounds that are not met', head, rows: rest, className: 'loud' })}</details>`;
  return section({ id: 'why', title: 'Why: bounds that are not met', body: html`${grid}${more}` });
}

/** Targets that nothing is known of: never to be overlooked. */
export function notJudged(page: Page): Html {
  const lost = troubled(page.views);
  if (lost.length === 0) return nothing;
  const items = lost.map(({ name, profile, trouble }) =>
    trouble === undefined
      ? nothing
      : html`<li><h3>${name}${profile === '' ? '' : ` under ${profile}`}</h3><p><strong class="code">${trouble.code}</strong></p><p class="message">${trouble.message}</p><p class="hint">What to do: ${trouble.hint}</p></li>
`,
  );
  const body = html`<p>Nothing is known about these. They count neither as passed nor as failed; they make the whole run end with an error.</p>
<ul class="lost">
${items}</ul>`;
  return section({ id: 'not-judged', title: `Not judged: ${plural(lost.length, 'audit')}`, body });
}

export function warnings(page: Page): Html {
  const found = allWarnings(page.model, page.views);
  if (found.length === 0) return nothing;
  const body = html`<ul class="warnings">${found.map(text => html`<li>${text}</li>`)}</ul>`;
  return section({ id: 'warnings', title: 'Warnings', body });
}
