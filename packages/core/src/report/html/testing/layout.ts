// SPDX-License-Identifier: Apache-2.0
import type { Opened } from './chromium.ts';

/** By how many pixels a page is wider than its window. */
export const overflow = ({ page }: Opened) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Cells whose text is taller than it is wide, of which more than two lines: squeezed until words break. */
export const squeezed = ({ page }: Opened) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('table:not(.matrix) :is(th, td)')].filter(cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    const { width, height } = range.getBoundingClientRect();
    // A list of ids takes a line for each, if the ids are long.
    const isNarrow = cell.matches('.ids') ? cell.offsetWidth < 150 : height > width;
    return cell.checkVisibility() && height > 60 && isNarrow;
  }).map(cell => cell.closest('section').id + ': ' + cell.innerText.slice(0, 60))`);

export const unfold = ({ page }: Opened, what = 'details') =>
  page.evaluate(`document.querySelectorAll(${JSON.stringify(what)}).forEach(each => { each.open = true })`);
