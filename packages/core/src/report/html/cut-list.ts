// SPDX-License-Identifier: Apache-2.0
import { type Html, html, join, type Part } from './markup.ts';

const few = 6;

/** The first of a list, and the rest where a reader unfolds it: without a script, and on paper. */
export function cutList(items: readonly Part[]): Html {
  // To fold two or fewer would take more room than it saves.
  if (items.length <= few + 2) return join(items, ', ');
  return html`${join(items.slice(0, few), ', ')} <details class="rest"><summary>and ${items.length - few} more</summary>${join(items.slice(few), ', ')}</details>`;
}
