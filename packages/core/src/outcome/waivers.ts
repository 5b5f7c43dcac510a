// SPDX-License-Identifier: Apache-2.0
import { CORE_SCHEMA, load } from 'js-yaml';
import { z } from 'zod';
import { toMessage } from '../errors/index.ts';
import { parseCsvRows } from './csv-rows.ts';
import { parseMoment } from './moment.ts';

export type WaiverFormat = 'yaml' | 'json' | 'csv';

/** A permission to fail; it counts only while it says `run: false` and has not expired. */
export interface Waiver {
  controlId: string;
  justification: string;
  /** As written. */
  expires: string | undefined;
  hasExpired: boolean;
  /** False: the control is not run, and not applicable. Otherwise it is run and counts as ever. */
  run: boolean;
  owner: string | undefined;
}

export type ParsedWaivers =
  | { kind: 'waivers'; waivers: Waiver[]; warnings: string[] }
  | { kind: 'refused'; problems: string[] };

const maxBytes = 1_048_576;

/** Reads a waiver file of the auditor, which itself dies of some mistakes during the scan and ignores the others. */
export function parseWaivers(text: string, format: WaiverFormat, now: Date): ParsedWaivers {
  const read = Buffer.byteLength(text) > maxBytes ? refuse(`larger than ${maxBytes} bytes`) : readEntries(text, format);
  if (read.kind === 'refused') return read;
  const parsed = read.entries.map(entry => parseWaiver(entry, now));
  const problems = [...repeated(read.entries), ...parsed.flatMap(one => (typeof one === 'string' ? [one] : []))];
  if (problems.length > 0) return { kind: 'refused', problems };
  const waivers = parsed.filter(one => typeof one !== 'string');
  return { kind: 'waivers', waivers, warnings: waivers.flatMap(warningsOf) };
}

/** Waivers of controls that no profile has: the auditor ignores them without a word. */
export function unknownWaivers(waivers: readonly Waiver[], controlIds: Iterable<string>): Waiver[] {
  const known = new Set(controlIds);
  return waivers.filter(({ controlId }) => !known.has(controlId));
}

type Entry = [controlId: string, fields: unknown];
type Entries = { kind: 'entries'; entries: Entry[] } | { kind: 'refused'; problems: string[] };

const refuse = (problem: string): Entries & { kind: 'refused' } => ({ kind: 'refused', problems: [problem] });

function readEntries(text: string, format: WaiverFormat): Entries {
  return format === 'csv' ? readCsv(text) : readMapping(text, format);
}

function readMapping(text: string, format: 'yaml' | 'json'): Entries {
  try {
    if (format === 'json') JSON.parse(text);
    // For JSON too: JSON.parse lets the last of two equal keys win.
    const document: unknown = load(text, { schema: CORE_SCHEMA });
    return isMapping(document)
      ? { kind: 'entries', entries: Object.entries(document) }
      : refuse('expected a mapping of control ids to waivers');
  } catch (error) {
    return refuse(`not ${format.toUpperCase()}: ${toMessage(error)}`);
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const columns = ['control_id', 'justification', 'expiration_date', 'run', 'owner'];

function readCsv(text: string): Entries {
  const parsed = parseCsvRows(text);
  if (parsed.kind === 'refused') return refuse(parsed.problem);
  const [header = [], ...rows] = parsed.rows;
  const wrong = header.filter((name, index) => !columns.includes(name) || header.indexOf(name) !== index);
  if (wrong.length > 0) return refuse(`unknown or repeated columns: ${wrong.map(show).join(', ')}`);
  if (!header.includes('control_id')) return refuse('the column control_id is missing');
  const ragged = rows.findIndex(row => row.length !== header.length);
  if (ragged >= 0) return refuse(`line ${ragged + 2}: expected ${header.length} fields`);
  const entries = rows.map((row): Entry => {
    const fields = new Map(row.map((value, index) => [header[index] ?? '', value]));
    const rest = [...fields].filter(([name, value]) => name !== 'control_id' && value !== '');
    return [fields.get('control_id') ?? '', Object.fromEntries(rest)];
  });
  return { kind: 'entries', entries };
}

function repeated(entries: Entry[]): string[] {
  const seen = new Set<string>();
  return entries.flatMap(([id]) => (seen.size === seen.add(id).size ? [`${show(id)}: waived twice`] : []));
}

const day = z.string().refine(text => parseMoment(text) !== undefined, 'expected YYYY-MM-DD');
// What Ruby's YAML takes for true and false, and the auditor for the same as text.
const yesOrNo = z
  .union([z.boolean(), z.stringbool({ truthy: ['true', 'yes'], falsy: ['false', 'no'] })], 'expected true or false')
  .optional();
const waiverSchema = z.strictObject({
  justification: z.string('missing').trim().min(1, 'missing'),
  expiration_date: day.optional(),
  run: yesOrNo,
  owner: z.string().optional(),
});

/** The waiver, or what is wrong with it. */
function parseWaiver([controlId, fields]: Entry, now: Date): Waiver | string {
  if (controlId.trim() === '') return 'a waiver has no control id';
  const parsed = waiverSchema.safeParse(fields);
  if (!parsed.success)
    return `${show(controlId)}: ${parsed.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ')}`;
  const { justification, owner, expiration_date: expires, run = true } = parsed.data;
  const end = expires === undefined ? undefined : parseMoment(expires);
  return { controlId, justification, expires, hasExpired: end !== undefined && end <= now, run, owner };
}

const show = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

function warningsOf({ controlId, expires, hasExpired, run }: Waiver): string[] {
  const at = show(controlId);
  if (hasExpired) return [`${at}: the waiver expired on ${expires}, so the control counts`];
  const open = expires === undefined ? [`${at}: the waiver has no expiration_date`] : [];
  return run ? [...open, `${at}: the control is run and counts, as the waiver does not say run: false`] : open;
}
