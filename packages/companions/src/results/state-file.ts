// SPDX-License-Identifier: Apache-2.0
import {
  alertStateSchema,
  type Coverage,
  type Finding,
  type FindingState,
  findingSchema,
  runPointSchema,
  type StateEntry,
  toMessage,
} from '@cinc-scan/core';
import * as z from 'zod';

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
const lineBreak = 0x0a;

/** JSON with an entry a line, so that neither writing nor reading has to hold all of it twice. */
export function* renderState({ entries, ...head }: FindingState): Iterable<string> {
  yield `${JSON.stringify(head).slice(0, -1)},${entriesBegin}`;
  let count = 0;
  for (const [key, entry] of Object.entries(entries))
    yield `${count++ === 0 ? '' : ','}\n${JSON.stringify(key)}:${JSON.stringify(entry)}`;
  yield `\n${end}\n`;
}

/**
 * The state that an earlier run left; one that was changed or is of another version is refused, never guessed at. An entry of a
 * finding that is there again has that in place of its own, which nobody asks for: most are, and held twice they fill the memory.
 */
export function parseState(content: Buffer, present: readonly Finding[] = []): ParsedState {
  try {
    const { head, entries } = split(content);
    const here = new Map(present.map(finding => [finding.fingerprint, finding]));
    const coverages = new Map<string, Coverage>();
    const known: [string, StateEntry][] = [];
    for (const [key, value] of entries) {
      const { finding, seenBy, ...entry } = toEntry(check(fingerprint, key, 'entries'), value);
      known.push([key, { ...entry, finding: here.get(key) ?? finding, seenBy: shared(seenBy, coverages) }]);
    }
    return { kind: 'state', state: { ...check(headSchema, head, ''), entries: Object.fromEntries(known) } };
  } catch (error) {
    return { kind: 'refused', problem: error instanceof SyntaxError ? 'it is not JSON' : toMessage(error) };
  }
}

interface Parts {
  head: unknown;
  entries: Iterable<[string, unknown]>;
}

function split(content: Buffer): Parts {
  const first = content.toString('utf8', 0, Math.max(0, content.indexOf(lineBreak)));
  const ending = `,${entriesBegin}`;
  if (first.endsWith(ending))
    return { head: JSON.parse(`${first.slice(0, -ending.length)}}`), entries: lines(content) };
  // As other programs lay it out.
  const document: unknown = JSON.parse(content.toString('utf8'));
  const { entries, ...head } = check(z.looseObject({ entries: z.record(text, z.unknown()) }), document, '');
  return { head, entries: Object.entries(entries) };
}

function* lines(content: Buffer): Iterable<[string, unknown]> {
  const seen = new Set<string>();
  let isLast = true;
  let [at, stop] = nextLine(content, 0);
  for (let line = content.toString('utf8', at, stop); line !== end; line = content.toString('utf8', at, stop)) {
    const { key, value, hasComma } = toParts(line);
    if (seen.has(key) || (isLast && seen.size > 0)) throw new SyntaxError(`there is an entry ${key} too many`);
    isLast = !hasComma;
    seen.add(key);
    yield [key, JSON.parse(value)];
    [at, stop] = nextLine(content, at);
  }
  if (!isLast || content.length !== stop + 1) throw new SyntaxError('it does not end as it should');
}

/** Where the line behind the one at `at` begins and stops. */
function nextLine(content: Buffer, at: number): [number, number] {
  const begin = content.indexOf(lineBreak, at) + 1;
  const stop = content.indexOf(lineBreak, begin);
  if (stop === -1) throw new SyntaxError('it is cut off');
  return [begin, stop];
}

function toParts(line: string): { key: string; value: string; hasComma: boolean } {
  const [, key, value, comma] = /^"([^"]*)":(\{.*\})(,?)$/.exec(line) ?? [];
  if (key === undefined || value === undefined) throw new SyntaxError('an entry is not as it was written');
  return { key, value, hasComma: comma === ',' };
}

function toEntry(key: string, value: unknown): StateEntry {
  const entry = check(entrySchema, value, `entries.${key}`);
  return { ...entry, finding: { ...entry.finding, installed: entry.finding.installed, fixed: entry.finding.fixed } };
}

/** Equal ones once: there are as many as sources, and not as many as findings. */
const shared = (seenBy: StateEntry['seenBy'], known: Map<string, Coverage>): StateEntry['seenBy'] =>
  Object.fromEntries(
    Object.entries(seenBy).map(([source, own]) => {
      const key = JSON.stringify([own.target, own.scope, own.ruleset]);
      const first = known.get(key) ?? own;
      known.set(key, first);
      return [source, first];
    }),
  );

function check<Output>(schema: z.ZodType<Output>, value: unknown, where: string): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [where, ...(issue?.path ?? []).map(String)].filter(Boolean).join('.');
  throw new Error(path === '' ? (issue?.message ?? '') : `${path}: ${issue?.message ?? ''}`);
}
