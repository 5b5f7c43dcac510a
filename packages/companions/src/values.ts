// SPDX-License-Identifier: Apache-2.0
// Reading what others wrote. Keys are a document's own: `constructor` is no field of a document that lacks it.

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands at the end of a path of keys; undefined where one of them is missing. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (here, key) => (isFields(here) && Object.hasOwn(here, key) ? here[key] : undefined),
    value,
  );
}

export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** Undefined where there is no text, or an empty one. */
export const someText = (value: unknown, ...path: string[]): string | undefined => textAt(value, ...path) || undefined;

export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** An own key that holds a list, or none. */
export function listAt(value: unknown, ...path: string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];

/** Whether a document has all of these keys, whatever they hold. */
export const has = (value: unknown, ...keys: string[]): value is Fields =>
  isFields(value) && keys.every(key => Object.hasOwn(value, key));

/** An own key that holds a list. */
export const hasList = (value: unknown, key: string): boolean => Array.isArray(at(value, key));

/** A moment as ISO 8601; undefined for none, and for the year 1, which is how Go writes none. */
export function momentOf(text: string): string | undefined {
  const zoned = /T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/.test(text) ? `${text}Z` : text;
  const time = Date.parse(zoned);
  return Number.isNaN(time) || time < 0 ? undefined : new Date(time).toISOString();
}

/** `0.74.0` and `v0.74.1` are of major version 0. */
export const majorOf = (version: string | undefined): string => /^v?(\d+)\b/.exec(version ?? '')?.[1] ?? '';

/** A word of a file for a sentence of ours; of anything that is not like a word only how long it is. */
export const quoted = (word: string): string =>
  /^[\w .-]{0,40}$/.test(word) ? `"${word}"` : `a text of ${word.length} characters`;
