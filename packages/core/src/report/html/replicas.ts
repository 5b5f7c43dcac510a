// SPDX-License-Identifier: Apache-2.0
import { podOf, type Replicas, titleOf } from '../replicas.ts';
import { cutList } from './cut-list.ts';
import { type Html, html, nothing, type Part } from './markup.ts';

/** Each pod by name, where there are several. */
export const podsOf = (same: Replicas): Html =>
  same.length === 1
    ? nothing
    : html`<div class="pods">${same.length} pods with equal results: ${cutList(same.map(podOf))}</div>`;

/** Heads a row of a table. */
export const nameOf = (same: Replicas): Html => html`<th scope="row">${titleOf(same)}${podsOf(same)}</th>`;

/** What is known of replicas: once where all agree, pod by pod otherwise. */
export function shared(
  pairs: readonly (readonly [pod: string, facts: readonly (readonly [string, Part])[]])[],
): [string, Part][] {
  const names = new Set(pairs.flatMap(([, facts]) => facts.map(([name]) => name)));
  return [...names].map(name => {
    const values = pairs.map(([pod, facts]) => [pod, html`${facts.find(each => each[0] === name)?.[1]}`] as const);
    const [first] = values;
    const different = new Set(values.map(([, value]) => value.text)).size > 1;
    return [
      name,
      different
        ? html`<ul>${values.map(([pod, value]) => html`<li>${pod}: ${value}</li>`)}</ul>`
        : first?.[1].text === ''
          ? undefined
          : first?.[1],
    ];
  });
}
