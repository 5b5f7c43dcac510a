// SPDX-License-Identifier: Apache-2.0
import { safeJsonText } from './log-commands.ts';
import { boundText } from './text.ts';

/** JSON for people and machines: every text in it cleaned and bounded, keys as given, two spaces, final newline. */
export function toJson(value: unknown): string {
  return `${safeJsonText(JSON.stringify(cleanDeep(value), undefined, 2))}\n`;
}

/** The same as one line, without the line break. */
export const toJsonLine = (value: unknown): string => safeJsonText(JSON.stringify(cleanDeep(value)));

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return boundText(value);
  if (Array.isArray(value)) return value.map(item => cleanDeep(item));
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines properties, so a key named __proto__ stays a key.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [boundText(key, 1000), cleanDeep(item)]));
}
