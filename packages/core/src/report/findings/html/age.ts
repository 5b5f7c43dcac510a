// SPDX-License-Identifier: Apache-2.0
import { type Html, html } from '../../html/markup.ts';
import type { ShownSource } from '../model.ts';
import { ageText, isOld } from '../tally.ts';

/** How long ago a source looked; what is old is marked. */
export function ageTag(source: ShownSource, at: string): Html {
  const age = ageText(source, at);
  if (age === undefined) return html`<span class="st s">unknown</span>`;
  return isOld(source, at) ? html`<span class="st s">${age}</span>` : html`${age}`;
}
