// SPDX-License-Identifier: Apache-2.0
import { safeJsonText, shorten } from './text.ts';

/** JSON for people and machines: every text in it cleaned and bounded, keys as given, two spaces, final newline. */
export function toJson(value: unknown): string {
  return `${safeJsonText(JSON.stringify(cleanDeep(value), undefined, 2))}\n`;
}

// Nothing that a report says needs more; the results themselves are kept whole beside it.
const mostOfText = 32_768;

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return shorten(value, mostOfText);
  if (Array.isArray(value)) return value.map(item => cleanDeep(item));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines properties, so a key named __proto__ stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [shorten(key, 1000), cleanDeep(item)]));
}
