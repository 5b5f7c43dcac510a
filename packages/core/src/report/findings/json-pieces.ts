// SPDX-License-Identifier: Apache-2.0
import { toJson, toJsonLine } from '../json.ts';
import type { Pieces } from './model.ts';

/** JSON with a list of any length at its end, an item a line: `head` is what stands before it, `name` its key. */
export function* jsonWithList(head: object, name: string, items: Iterable<unknown>): Pieces {
  yield `${toJson(head).replace(/\n\}\n$/, '')},\n  "${name}": `;
  yield* list(items, '  ');
  yield '\n}\n';
}

/** A list as a whole document, an item a line. */
export function* jsonList(items: Iterable<unknown>): Pieces {
  yield* list(items, '');
  yield '\n';
}

function* list(items: Iterable<unknown>, indentation: string): Pieces {
  let count = 0;
  for (const item of items) yield `${count++ === 0 ? '[' : ','}\n${indentation}  ${toJsonLine(item)}`;
  yield count === 0 ? '[]' : `\n${indentation}]`;
}

/** A document a line. */
export function* jsonLines(items: Iterable<unknown>): Pieces {
  for (const item of items) yield `${toJsonLine(item)}\n`;
}
