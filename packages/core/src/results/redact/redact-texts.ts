// SPDX-License-Identifier: Apache-2.0
// Replaces what is secret in every text of a value, whoever made it and however deep it is nested.
import type { Hdf } from '../../outcome/index.ts';

export type Redact = (text: string) => string;

/** The same object if there is nothing to replace. */
export function redactTexts<T extends object>(value: T, redact: Redact): T {
  if (!hasChange(value, redact)) return value;
  const copy = structuredClone(value);
  for (const place of textsIn(copy)) replaceAt(place, redact);
  return copy;
}

function hasChange(value: object, redact: Redact): boolean {
  for (const place of textsIn(value)) if (shownAt(place, redact) !== place.text) return true;
  return false;
}

/** What the gate counted by: what a profile calls its parts, not what a container said. */
export function identitiesIn(hdf: Hdf): string[] {
  return hdf.profiles.flatMap(({ name, parent_profile: parent, controls }) => [
    name,
    ...(typeof parent === 'string' ? [parent] : []),
    ...controls.map(({ id }) => id),
  ]);
}

interface TextPosition {
  text: string;
  holder: object;
  /** Of the item, or undefined where the text is itself a key of the holder. */
  key: string | undefined;
}

function replaceAt(place: TextPosition, redact: Redact): void {
  const { holder, key, text } = place;
  const shown = shownAt(place, redact);
  if (shown === text) return;
  if (key !== undefined) Reflect.set(holder, key, shown);
  else {
    Reflect.set(holder, shown, Reflect.get(holder, text));
    Reflect.deleteProperty(holder, text);
  }
}

// Words that programs compare: a secret may be called as one of them, and the report must still say what became of it.
const structural = new Set(['status', 'severity', 'reason', 'code', 'key', 'kind', 'lens', 'view', 'statusBecause']);
const isWord = (text: string) => /^[a-z][a-z._-]{0,60}$/.test(text);

const shownAt = ({ text, key }: TextPosition, redact: Redact): string =>
  key !== undefined && structural.has(key) && isWord(text) ? text : redact(text);

// Their names are free, those of other objects are ours.
const freeKeys = new Set(['tags', 'request', 'labels', 'annotations', 'attributes', 'value', 'options']);

interface HolderLevel {
  holder: object;
  hasFreeKeys: boolean;
  isInput: boolean;
}

/** Without recursion: tags may be nested as deep as their author liked. */
function* textsIn(root: object): Generator<TextPosition> {
  const open: HolderLevel[] = [{ holder: root, hasFreeKeys: false, isInput: false }];
  for (let level = open.pop(); level !== undefined; level = open.pop())
    for (const [key, item] of entriesOf(level.holder)) {
      if (isNested(item)) open.push(below(level, key, item));
      else if (isText(item, level)) yield { text: `${item}`, holder: level.holder, key };
      if (level.hasFreeKeys && !Array.isArray(level.holder)) yield { text: key, holder: level.holder, key: undefined };
    }
}

const isNested = (item: unknown): item is object => typeof item === 'object' && item !== null;

const below = ({ hasFreeKeys, isInput }: HolderLevel, key: string, holder: object): HolderLevel => ({
  holder,
  hasFreeKeys: hasFreeKeys || freeKeys.has(key),
  isInput: isInput || key === 'attributes',
});

/** A number is one where it may be the value of an input; elsewhere it counts something. */
const isText = (item: unknown, { isInput }: HolderLevel): item is string | number =>
  typeof item === 'string' || (isInput && typeof item === 'number');

const entriesOf = (value: object): [string, unknown][] => Object.entries(value);
