// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Path = (string | number)[];

/** One change of a manifest, told without its text: it is made in the text, and checked on what the text means. */
export type Operation =
  /** Gives a mapping this key; the mapping is there. */
  | { kind: 'set'; path: Path; key: string; value: Json }
  /** Adds an item to a sequence; the sequence is there. */
  | { kind: 'append'; path: Path; value: Json };

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, undefined if there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => {
    if (Array.isArray(at) && typeof step === 'number') return at[step] as unknown;
    return isMapping(at) && Object.hasOwn(at, step) ? at[String(step)] : undefined;
  }, root);
}

/** The items of a list; nothing else has any. */
export const itemsOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What a document means after an operation. */
export function applied(root: unknown, { path, ...operation }: Operation): unknown {
  const [step, ...rest] = path;
  if (step === undefined)
    return operation.kind === 'append'
      ? [...itemsOf(root), operation.value]
      : { ...(isMapping(root) ? root : {}), [operation.key]: operation.value };
  const inner = applied(valueAt(root, [step]), { path: rest, ...operation });
  if (Array.isArray(root)) return root.map((each: unknown, index) => (index === step ? inner : each));
  return { ...(isMapping(root) ? root : {}), [step]: inner };
}

export { isDeepStrictEqual as isSame };
