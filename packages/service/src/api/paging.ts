// SPDX-License-Identifier: Apache-2.0
// Lists are read a page at a time: one row more than the page has tells whether there is another.
import * as z from 'zod';

/** How many items a page has at most. */
export const pageLimit = z.coerce.number().int().min(1).max(200).default(50);

interface Paging<Row, Item> {
  limit: number;
  toItem: (row: Row) => Item;
}

/** @param rows as many as the limit and one, if there are */
export function toPage<Row extends { id: string }, Item>(
  rows: readonly Row[],
  { limit, toItem }: Paging<Row, Item>,
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  return { items: shown.map(row => toItem(row)), next: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
