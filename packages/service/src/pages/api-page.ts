// SPDX-License-Identifier: Apache-2.0
// The description of the API as a page: made of the document that is served, so the two cannot differ.
import { type Html, html } from '@cinc-scan/core';
import { describedApi, type Operation, type Parameter } from './described-api.ts';
import { renderPage } from './page.ts';
import { shapeText } from './shape-text.ts';

/** @param document what `/api/v1/openapi.json` answers */
export function renderApiPage(document: unknown): string {
  const { title, version, groups, types } = describedApi(document);
  const body = html`<header><h1>${title}</h1>
<p>Version ${version}. Each call needs a key, as <code>Authorization: Bearer KEY</code>, or the session of somebody who signed in, unless
it says otherwise. What goes wrong is answered as <a href="#type-Problem">Problem</a>, with a closed code and a remedy.
Programs read <a href="/api/v1/openapi.json">the same as OpenAPI 3.1</a>.</p></header>
<nav aria-label="Contents"><ul>
${groups.map(({ name }) => html`<li><a href="#calls-${name}">${name}</a></li>\n`)}<li><a href="#types">types</a></li>
</ul></nav>
<main>
${groups.map(
  ({
    name,
    operations,
  }) => html`<section id="calls-${name}" aria-labelledby="heading-${name}"><h2 id="heading-${name}">${name}</h2>
${operations.map(operation)}</section>
`,
)}<section id="types" aria-labelledby="heading-types"><h2 id="heading-types">types</h2>
${types.map(
  ({ name, schema }) => html`<h3 id="type-${name}">${name}</h3>
<pre tabindex="0">${linked(shapeText(schema))}</pre>
`,
)}</section>
</main>`;
  return renderPage(title, body);
}

function operation({ id, method, path, summary, role, parameters, body, answers }: Operation): Html {
  return html`<article><h3 id="${id}"><code><strong>${method}</strong> ${path}</code></h3>
<p>${summary}</p>
<p class="note">${role}</p>
${parameters.length === 0 ? undefined : parameterTable(parameters, `${method} ${path}`)}${
  body === undefined
    ? undefined
    : html`<h4>Body</h4>
<pre tabindex="0">${linked(shapeText(body))}</pre>
`
}<h4>Answers</h4>
<ul>${answers.map(
    ({ status, type, schema }) =>
      html`<li><code>${status}</code>${type === undefined ? undefined : html` <code>${type}</code>`}${schema === undefined ? undefined : html`<pre tabindex="0">${linked(shapeText(schema))}</pre>`}</li>\n`,
  )}</ul></article>
`;
}

const parameterTable = (parameters: readonly Parameter[], of: string): Html =>
  html`<table><caption>Parameters<span class="hidden"> of ${of}</span></caption>
<thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Value</th></tr></thead>
<tbody>
${parameters.map(
  ({ name, place, required, schema }) =>
    html`<tr><th scope="row"><code>${name}</code></th><td>${place}${required ? '' : ', optional'}</td><td><code>${linked(shapeText(schema))}</code></td></tr>
`,
)}</tbody></table>
`;

/** Names of types as links. */
const linked = (text: string): Html =>
  html`${text
    .split(/⟦(\w+)⟧/)
    .map((piece, index) => (index % 2 === 0 ? piece : html`<a href="#type-${piece}">${piece}</a>`))}`;
