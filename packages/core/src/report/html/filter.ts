// SPDX-License-Identifier: Apache-2.0

import { severities } from '../../outcome/index.ts';
import { severityWords } from '../severity-words.ts';
import { plural } from '../words.ts';
import { type Html, html, nothing } from './markup.ts';
import { letters, type Page, words } from './page.ts';

type FilterChoice = readonly [value: string, name: string];

/** Hidden until the script shows it: without a script it would do nothing. */
export function filter({ controls, columns, profiles }: Page): Html {
  const found = new Set(controls.flatMap(({ cells }) => cells.flatMap(cell => cell?.word ?? [])));
  const present = new Set(controls.map(({ row }) => row.severity));
  const statusChoices = words.filter(word => found.has(word)).map((word): FilterChoice => [letters[word], word]);
  const severityChoices = severities
    .filter(severity => present.has(severity))
    .map((severity): FilterChoice => [severity, severityWords[severity].name]);
  const targets = columns.map(({ name }, index): FilterChoice => [`${index}`, name]);
  const sources = profiles.map((name, index): FilterChoice => [`${index}`, name]);
  return html`<form id="filter" role="search" aria-label="Filter controls" hidden>
<div><label for="q">Search</label><input id="q" name="q" type="search" autocomplete="off" spellcheck="false" aria-keyshortcuts="/"></div>
${choice('status', 'Status', statusChoices)}${choice('severity', 'Severity', severityChoices)}${targets.length > 1 ? choice('target', 'Target', targets) : nothing}${sources.length > 1 ? choice('profile', 'Profile', sources) : nothing}<div class="buttons"><button type="reset">Clear</button><button type="button" id="unfold">Open all</button></div>
<p id="shown" role="status">${plural(controls.length, 'control')}</p>
</form>`;
}

function choice(id: string, label: string, choices: readonly FilterChoice[]): Html {
  const options = choices.map(([value, name]) => html`<option value="${value}">${name}</option>`);
  return html`<div><label for="${id}">${label}</label><select id="${id}" name="${id}"><option value="">All</option>${options}</select></div>
`;
}
