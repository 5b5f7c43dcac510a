// SPDX-License-Identifier: Apache-2.0
import { CORE_SCHEMA, load } from 'js-yaml';
import * as z from 'zod';
import { toYamlProblem } from '../request/index.ts';
import { parseCsvRows } from './csv-rows.ts';
import { parseMoment } from './moment.ts';
import type { Waiver, WaiverFormat } from './waiver.ts';
import { misplaced, parseTargets } from './waiver-targets.ts';

export type ParsedWaivers =
  | { kind: 'waivers'; waivers: Waiver[]; warnings: string[] }
  | { kind: 'refused'; problems: string[] };

const maxBytes = 1_048_576;

/**
 * Reads a waiver file as the auditor does. What it would pass over and so waive nothing, or what nobody meant, is refused; what
 * it refuses itself, and the fields that it ignores, it says when it is asked (`readWaiverFiles`).
 */
export function parseWaivers(text: string, format: WaiverFormat, now: Date): ParsedWaivers {
  const read = Buffer.byteLength(text) > maxBytes ? refuse(`larger than ${maxBytes} bytes`) : readEntries(text, format);
  if (read.kind === 'refused') return read;
  const parsed = read.entries.map(entry => parseWaiver(entry, format, now));
  const waivers = parsed.filter(one => typeof one !== 'string');
  const problems = [...repeated(read.entries), ...parsed.filter(one => typeof one === 'string')];
  if (problems.length > 0) return { kind: 'refused', problems };
  return { kind: 'waivers', waivers, warnings: waivers.flatMap(warningsOf) };
}

/** Waivers of controls that no profile has: the auditor ignores them without a word. */
export function unknownWaivers(waivers: readonly Waiver[], controlIds: Iterable<string>): Waiver[] {
  const known = new Set(controlIds);
  return waivers.filter(({ controlId }) => !known.has(controlId));
}

type WaiverEntry = [controlId: string, fields: unknown];
type Entries = { kind: 'entries'; entries: WaiverEntry[] } | { kind: 'refused'; problems: string[] };

const refuse = (problem: string): Entries & { kind: 'refused' } => ({ kind: 'refused', problems: [problem] });

function readEntries(text: string, format: WaiverFormat): Entries {
  return format === 'csv' ? readCsv(text) : readMapping(text, format);
}

function readMapping(text: string, format: 'yaml' | 'json'): Entries {
  if (isEmpty(text, format)) return { kind: 'entries', entries: [] };
  try {
    if (format === 'json') JSON.parse(text);
    // For JSON too: JSON.parse lets the last of two equal keys win.
    const document: unknown = load(text, { schema: CORE_SCHEMA }) ?? {};
    return isMapping(document)
      ? { kind: 'entries', entries: Object.entries(document) }
      : refuse('expected a mapping of control ids to waivers');
  } catch (error) {
    return refuse(`not ${format.toUpperCase()}: ${toYamlProblem(error).message}`);
  }
}

/** Nothing, or in YAML nothing but comments and marks of documents. */
function isEmpty(text: string, format: WaiverFormat): boolean {
  if (format !== 'yaml') return text === '';
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  return lines.every(line => /^\s*(?:#|(?:---|\.\.\.)?\s*$)/.test(line));
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const columns = ['control_id', 'justification', 'expiration_date', 'run', 'owner', 'target'];

function readCsv(text: string): Entries {
  const parsed = parseCsvRows(text);
  if (parsed.kind === 'refused') return refuse(parsed.problem);
  const [header = [], ...rows] = parsed.rows;
  const doubled = columns.filter(name => header.indexOf(name) !== header.lastIndexOf(name));
  if (doubled.length > 0) return refuse(`repeated columns: ${doubled.map(show).join(', ')}`);
  if (!isEmpty(text, 'csv') && !header.includes('control_id')) return refuse('the column control_id is missing');
  const strange = misplaced(header);
  if (strange !== undefined) return refuse(`the column ${strange}`);
  const entries = rows.map((row): WaiverEntry => {
    const fields = new Map(header.map((name, index) => [name, row[index] ?? '']));
    const rest = [...fields].filter(([name, value]) => name.trim() !== '' && name !== 'control_id' && value !== '');
    return [fields.get('control_id') ?? '', Object.fromEntries(rest)];
  });
  return { kind: 'entries', entries };
}

/** Of two entries for one control the first that holds for a target counts, so the first must not hold for all. */
function repeated(entries: WaiverEntry[]): string[] {
  const general = new Set<string>();
  return entries.flatMap(([id, fields]) => {
    const isShadowed = general.has(id);
    if (!isMapping(fields) || !('target' in fields)) general.add(id);
    return isShadowed ? [`${show(id)}: waived twice`] : [];
  });
}

const day = z.string().refine(text => parseMoment(text) !== undefined, 'expected YYYY-MM-DD');
// What Ruby's YAML takes for true and false.
const yamlSwitch = z.stringbool({ truthy: ['true', 'yes', 'on'], falsy: ['false', 'no', 'off'] });
// What the auditor takes for the same as text, letter by letter: anything else it takes for false.
const textSwitch = z.stringbool({
  truthy: ['true', 'True', 'TRUE', 'yes', 'y', 'YES', 'Y'],
  falsy: ['false', 'False', 'FALSE', 'no', 'n', 'NO', 'N'],
  case: 'sensitive',
});
const scalar = z.union([z.string(), z.number(), z.boolean()], 'missing').transform(String);
const waiverSchema = (format: WaiverFormat) =>
  z.object({
    justification: scalar.pipe(z.string().trim().min(1, 'missing')),
    expiration_date: day.optional(),
    run: z.union([z.boolean(), format === 'yaml' ? yamlSwitch : textSwitch], 'expected true or false').optional(),
    owner: scalar.optional(),
  });

/** The waiver, or what is wrong with it. */
function parseWaiver([controlId, fields]: WaiverEntry, format: WaiverFormat, now: Date): Waiver | string {
  if (controlId.trim() === '') return 'a waiver has no control id';
  const parsed = waiverSchema(format).safeParse(fields);
  if (!parsed.success)
    return `${show(controlId)}: ${parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ')}`;
  const all = isMapping(fields) ? fields : {};
  const targets = parseTargets(all, format);
  if (typeof targets === 'string') return `${show(controlId)}: ${targets}`;
  const { justification, owner, expiration_date: expires, run = true } = parsed.data;
  const end = expires === undefined ? undefined : parseMoment(expires);
  const hasExpired = end !== undefined && end <= now;
  return { controlId, justification, expires, hasExpired, run, owner, targets, fields: all };
}

const show = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

function warningsOf({ controlId, expires, hasExpired, run }: Waiver): string[] {
  const at = show(controlId);
  if (hasExpired) return [`${at}: the waiver expired on ${expires}, so the control counts`];
  const open = expires === undefined ? [`${at}: the waiver has no expiration_date`] : [];
  return run ? [...open, `${at}: the control is run and counts, as the waiver does not say run: false`] : open;
}
