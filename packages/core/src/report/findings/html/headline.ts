// SPDX-License-Identifier: Apache-2.0
import { catalogue } from '../../../errors/index.ts';
import { findingSeverities, isNew, severityCounts } from '../../../findings/index.ts';
import { type Html, html, nothing } from '../../html/markup.ts';
import { grouped, section, timeText } from '../../html/parts.ts';
import { plural, verdictWords } from '../../words.ts';
import type { FindingsModel, ShownSource } from '../model.ts';
import { severityName } from '../names.ts';
import { verdictOf } from '../tally.ts';
import { severityLetters } from './letters.ts';

const verdictLetters = { pass: 'p', fail: 'f', error: 'e' } as const;

/** The verdict in a word, why, and the few numbers that carry it. */
export function headline(model: FindingsModel): Html {
  const verdict = verdictOf(model);
  return html`<header class="hero ${verdictLetters[verdict]}">
<div class="verdict">
<p class="brand">cinc-scan findings</p>
<h1><span class="word">${verdictWords[verdict]} (exit ${model.exitCode})</span></h1>
<p class="lead">${model.reasons.join(' ')}</p>
<p class="when">Scope <b>${model.scope}</b>, ${timeText(model.run.at)}, run <code>${model.run.id}</code></p>
</div>
${figures(model)}
</header>
`;
}

function figures({ sources, rows }: FindingsModel): Html {
  const counts = severityCounts(rows);
  const looked = sources.filter(({ kind }) => kind === 'looked').length;
  const pairs: [string, string | number, string][] = [
    ['Sources looked', `${looked} of ${sources.length}`, looked < sources.length ? 'e' : ''],
    ...findingSeverities.map((severity): [string, number, string] => [
      severityName(severity),
      counts[severity],
      counts[severity] === 0 ? '' : severityLetters[severity],
    ]),
    ['New', rows.filter(isNew).length, ''],
  ];
  return html`<dl class="figures">${pairs.map(
    ([name, value, letter]) =>
      html`<div class="${letter}"><dt>${name}</dt><dd>${typeof value === 'number' ? grouped(value) : value}</dd></div>`,
  )}</dl>`;
}

/** What nothing is known of: never to be overlooked. */
export function notLooked({ sources }: FindingsModel): Html {
  const lost = sources.filter(({ kind }) => kind === 'not-looked');
  if (lost.length === 0) return nothing;
  const body = html`<p>Nothing that is missing here is fixed. What these reported all the same is among the findings.</p>
<ul class="lost">
${lost.map(source => lostItem(source))}</ul>`;
  return section({ id: 'not-looked', title: `Not looked at: ${plural(lost.length, 'source')}`, body });
}

const remedies = new Map<string, string>(Object.entries(catalogue).map(([code, { remedy }]) => [code, remedy]));

function lostItem({ id, tool, target, problems }: ShownSource): Html {
  const lines = problems.map(
    ({ code, file, text }) =>
      html`<p class="message"><strong class="code">${code}</strong> <code>${file}</code>: ${text}</p>`,
  );
  const hints = [...new Set(problems.flatMap(({ code }) => remedies.get(code) ?? []))];
  return html`<li><h3>${id}: ${tool} of ${target}</h3>${lines}${hints.map(hint => html`<p class="hint">What to do: ${marked(hint)}</p>`)}</li>
`;
}

/** Our own words: what stands between backticks is code. */
const marked = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
