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
  const clean: Record<string, unknown> = {};
  const items: [string, unknown][] = Object.entries(value);
  for (const [key, item] of items) put(clean, cleanKey(key), cleanDeep(item));
  return clean;
}

function put(object: Record<string, unknown>, key: string, value: unknown): void {
  // To assign to this one would set the prototype.
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

const ownKey = /^[A-Za-z$][A-Za-z0-9]{0,39}$/;

// Keys are ours, and many; only those of profiles are anything.
const cleanKey = (key: string): string => (ownKey.test(key) ? key : boundText(key, 1000));
