// SPDX-License-Identifier: Apache-2.0
import {
  alertStateSchema,
  type FindingState,
  findingSchema,
  runPointSchema,
  type StateEntry,
  toMessage,
} from '@cinc-scan/core';
import { z } from 'zod';

const text = z.string();
const coverage = z.strictObject({ target: text, scope: text, ruleset: text });
const entrySchema = z.strictObject({
  finding: findingSchema,
  status: z.enum(['open', 'unsure', 'fixed']),
  firstSeen: text,
  lastSeen: text,
  seenBy: z.record(text, coverage),
});
const fingerprint = findingSchema.shape.fingerprint;

/** What stands before the entries, of which there may be a hundred thousand. */
const headSchema = z.strictObject({
  version: z.literal(1),
  scope: text,
  at: text,
  looks: z.record(text, coverage),
  runs: z.array(runPointSchema).max(1000).default([]),
  alerts: alertStateSchema.optional(),
});

export type ParsedState = { kind: 'state'; state: FindingState } | { kind: 'refused'; problem: string };

const entriesBegin = '"entries":{';
const end = '}}';

/** JSON with an entry a line, so that neither writing nor reading has to hold all of it twice. */
export function* renderState({ entries, ...head }: FindingState): Iterable<string> {
  yield `${JSON.stringify(head).slice(0, -1)},${entriesBegin}`;
  let count = 0;
  for (const [key, entry] of Object.entries(entries))
    yield `${count++ === 0 ? '' : ','}\n${JSON.stringify(key)}:${JSON.stringify(entry)}`;
  yield `\n${end}\n`;
}

/** The state that an earlier run left; one that was changed or is of another version is refused, never guessed at. */
export function parseState(content: string): ParsedState {
  try {
    const { head, entries } = split(content);
    const known: [string, StateEntry][] = [];
    for (const [key, value] of entries) known.push([check(fingerprint, key, 'entries'), toEntry(key, value)]);
    return { kind: 'state', state: { ...check(headSchema, head, ''), entries: Object.fromEntries(known) } };
  } catch (error) {
    return { kind: 'refused', problem: error instanceof SyntaxError ? 'it is not JSON' : toMessage(error) };
  }
}

interface Parts {
  head: unknown;
  entries: Iterable<[string, unknown]>;
}

function split(content: string): Parts {
  const first = content.slice(0, Math.max(0, content.indexOf('\n')));
  const ending = `,${entriesBegin}`;
  if (first.endsWith(ending))
    return { head: JSON.parse(`${first.slice(0, -ending.length)}}`), entries: lines(content) };
  // As other programs lay it out.
  const { entries, ...head } = check(z.looseObject({ entries: z.record(text, z.unknown()) }), JSON.parse(content), '');
  return { head, entries: Object.entries(entries) };
}

function* lines(content: string): Iterable<[string, unknown]> {
  const seen = new Set<string>();
  let isLast = true;
  let at = content.indexOf('\n') + 1;
  for (let line = lineAt(content, at); line !== end; line = lineAt(content, at)) {
    const { key, value, hasComma } = toParts(line);
    if (seen.has(key) || (isLast && seen.size > 0)) throw new SyntaxError(`there is an entry ${key} too many`);
    isLast = !hasComma;
    seen.add(key);
    yield [key, JSON.parse(value)];
    at += line.length + 1;
  }
  if (!isLast || content.slice(at) !== `${end}\n`) throw new SyntaxError('it does not end as it should');
}

function toParts(line: string): { key: string; value: string; hasComma: boolean } {
  const [, key, value, comma] = /^"([^"]*)":(\{.*\})(,?)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) throw new SyntaxError('an entry is not as it was written');
  return { key, value, hasComma: comma === ',' };
}

function lineAt(content: string, at: number): string {
  const stop = content.indexOf('\n', at);
  if (stop === -1) throw new SyntaxError('it is cut off');
  return content.slice(at, stop);
}

function toEntry(key: string, value: unknown): StateEntry {
  const entry = check(entrySchema, value, `entries.${key}`);
  return { ...entry, finding: { ...entry.finding, installed: entry.finding.installed, fixed: entry.finding.fixed } };
}

function check<Output>(schema: z.ZodType<Output>, value: unknown, where: string): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [where, ...(issue?.path ?? []).map(String)].filter(Boolean).join('.');
  throw new Error(path === '' ? (issue?.message ?? '') : `${path}: ${issue?.message ?? ''}`);
}
