// SPDX-License-Identifier: Apache-2.0
import { toJson, toJsonLine } from '../json.ts';
import type { Pieces } from './model.ts';

type ToPieces<Item> = (item: Item) => Pieces;
const asLine: ToPieces<unknown> = item => [toJsonLine(item)];

interface Listed<Item> {
  /** The key that it stands under. */
  name: string;
  items: Iterable<Item>;
  toPieces?: ToPieces<Item>;
}

/** JSON with a list of any length at its end, an item a line: `head` is what stands before it. */
export function* jsonWithList<Item>(head: object, { name, items, toPieces = asLine }: Listed<Item>): Pieces {
  yield `${toJson(head).replace(/\n\}\n$/, '')},\n  "${name}": `;
  yield* list(items, '  ', toPieces);
  yield '\n}\n';
}

/** The same without line breaks but those between the items, as an item of another list. */
export function* jsonLineWithList<Item>(head: object, { name, items, toPieces = asLine }: Listed<Item>): Pieces {
  yield `${toJsonLine(head).slice(0, -1)},"${name}":`;
  yield* list(items, '    ', toPieces);
  yield '}';
}

/** A list as a whole document, an item a line. */
export function* jsonList(items: Iterable<unknown>): Pieces {
  yield* list(items, '', asLine);
  yield '\n';
}

function* list<Item>(items: Iterable<Item>, indentation: string, toPieces: ToPieces<Item>): Pieces {
  let count = 0;
  for (const item of items) {
    yield `${count++ === 0 ? '[' : ','}\n${indentation}  `;
    yield* toPieces(item);
  }
  yield count === 0 ? '[]' : `\n${indentation}]`;
}

/** A document a line. */
export function* jsonLines(items: Iterable<unknown>): Pieces {
  for (const item of items) yield `${toJsonLine(item)}\n`;
}
