// SPDX-License-Identifier: Apache-2.0
// Texts and documents with a few things changed in them, the same for the same number.

export type Random = () => number;

/** https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const upTo = (random: Random, end: number): number => Math.floor(random() * end);
export function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[upTo(random, from.length)];
  if (found === undefined) throw new Error('there is nothing to pick');
  return found;
}

const char = (code: number) => String.fromCodePoint(code);

/** What parsers stumble over: YAML's own words, numbers that are not, names that objects have, breaks and marks. */
const pieces: string[] = [
  '',
  char(0),
  char(0xfeff),
  char(0xd800),
  char(0x2028),
  '\r\n',
  '\t',
  '\n---\n',
  '🙂',
  '٣',
  '９０',
  'a'.repeat(5000),
  ...'<<: *a|&a |*a|!!js/function x|!!binary AA==|: |- |? |#|,|"|`|@|%|{|}|[|]|[]|{}|>|...'.split('|'),
  ...'.nan .inf -.inf 1e999 -1 -0 1. 0 0.1 100 0x10 0o17 1_000 9007199254740993 2024-02-30 9999-12-31 ~ null true'.split(
    ' ',
  ),
  ...'yes __proto__ constructor toString \\u0000 passed failed max min total'.split(' '),
];

/** One to four pieces of the text cut out, doubled, moved or replaced. */
export function mutateText(text: string, random: Random): string {
  let changed = text;
  for (let left = 1 + upTo(random, 4); left > 0; left -= 1) {
    const at = upTo(random, changed.length + 1);
    const length = upTo(random, 12);
    const [before, after, rest] = [changed.slice(0, at), changed.slice(at), changed.slice(at + length)];
    const from = upTo(random, changed.length + 1);
    changed = pick(random, [
      before + rest,
      before + pick(random, pieces) + after,
      before + pick(random, pieces) + rest,
      before + after.slice(0, length) + after,
      before + char(1 + upTo(random, random() < 0.5 ? 127 : 0xd7ff)) + after.slice(1),
      before + changed.slice(from, from + 40) + after,
    ]);
  }
  return changed;
}

const values: unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  1e308,
  1e-320,
  Number.MAX_SAFE_INTEGER,
  '',
  [],
  {},
  [[]],
  ...'x failed passed skipped error critical High none loaded 2020-01-01 2999-01-01 __proto__'.split(' '),
];
const keys: string[] = ['__proto__', 'status', 'waiver_data', 'results', 'tags', 'impact', 'parent_profile', 'id', 'x'];

/** One to three of the document's values removed, replaced, moved, doubled, or given a new neighbour. */
export function mutateDocument(document: unknown, random: Random): unknown {
  const changed: unknown = structuredClone(document);
  for (let left = 1 + upTo(random, 3); left > 0; left -= 1) {
    const places = placesIn(changed);
    const [first] = places;
    if (first === undefined) return changed;
    const any = () => places[upTo(random, places.length)] ?? first;
    change(
      any(),
      pick(random, [{ value: pick(random, values) }, valueAt(any()), 'remove', 'add', 'text'] as const),
      random,
    );
  }
  return changed;
}

interface At {
  holder: object;
  key: string;
}

const valueAt = ({ holder, key }: At) => ({ value: structuredClone(Reflect.get(holder, key) as unknown) });

function placesIn(document: unknown): At[] {
  if (typeof document !== 'object' || document === null) return [];
  const holder = document;
  return Object.entries(holder).flatMap(([key, child]) => [{ holder, key }, ...placesIn(child)]);
}

function change({ holder, key }: At, how: 'remove' | 'add' | 'text' | { value: unknown }, random: Random): void {
  const old: unknown = Reflect.get(holder, key);
  if (how === 'remove' && Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (how === 'remove') Reflect.deleteProperty(holder, key);
  else if (how === 'add')
    define(holder, Array.isArray(holder) ? String(holder.length) : pick(random, keys), pick(random, values));
  else if (how === 'text')
    define(holder, key, typeof old === 'string' ? mutateText(old, random) : pick(random, values));
  else define(holder, key, how.value);
}

/** As JSON.parse does it: also a property that is called __proto__. */
const define = (holder: object, key: string, value: unknown) =>
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
