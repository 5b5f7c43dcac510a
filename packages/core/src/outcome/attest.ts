// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { toMessage } from '../errors/index.ts';
import { parseYaml } from '../request/index.ts';
import type { Hdf, HdfControl } from './hdf.ts';
import { parseMoment } from './moment.ts';

/** What a person found where the auditor could not look. */
export interface Attestation {
  control_id: string;
  explanation: string;
  /** How long it is good for: a word such as `monthly`, or a number of days, weeks, months or years such as `2w`. */
  frequency: string;
  status: 'passed' | 'failed';
  /** The day it was made. */
  updated: string;
  updated_by: string;
}

export type ParsedAttestations =
  | { kind: 'attestations'; attestations: Attestation[] }
  | { kind: 'refused'; reason: 'attestation-invalid'; problems: string[] };

const maxBytes = 1_048_576;

/** Reads a list of attestations in YAML or JSON. Whatever SAF would take for one that never expires is refused. */
export function parseAttestations(text: string, now: Date): ParsedAttestations {
  if (Buffer.byteLength(text) > maxBytes) return refuse([`larger than ${maxBytes} bytes`]);
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    return refuse([`not YAML: ${toMessage(error)}`]);
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success)
    return refuse(parsed.error.issues.slice(0, 20).map(issue => `${issue.path.join('.')}: ${issue.message}`));
  const problems = parsed.data.flatMap(attestation => problemsOf(attestation, now));
  return problems.length > 0 ? refuse(problems) : { kind: 'attestations', attestations: parsed.data };
}

const refuse = (problems: string[]): ParsedAttestations => ({
  kind: 'refused',
  reason: 'attestation-invalid',
  problems,
});

const text = z.string().trim().min(1);
const schema = z
  .array(
    z.strictObject({
      control_id: text,
      explanation: text,
      frequency: text,
      status: z.enum(['passed', 'failed']),
      updated: text,
      updated_by: text,
    }),
  )
  .min(1);

function problemsOf({ control_id: id, updated, frequency }: Attestation, now: Date): string[] {
  const at = JSON.stringify(id.slice(0, 100));
  const made = parseMoment(updated);
  const problems: string[] = [];
  if (made === undefined) problems.push(`${at}: updated: expected YYYY-MM-DD, got ${JSON.stringify(updated)}`);
  else if (made > now) problems.push(`${at}: updated: ${updated} is in the future`);
  if (parseFrequency(frequency) === undefined)
    problems.push(`${at}: frequency: expected a word such as monthly, or a number and d, w, m or y`);
  return problems;
}

interface Period {
  months: number;
  days: number;
}

const words: ReadonlyMap<string, Period> = new Map([
  ['annually', { months: 12, days: 0 }],
  ['semiannually', { months: 6, days: 0 }],
  ['quarterly', { months: 3, days: 0 }],
  ['monthly', { months: 1, days: 0 }],
  ['every2weeks', { months: 0, days: 14 }],
  ['fortnightly', { months: 0, days: 14 }],
  ['weekly', { months: 0, days: 7 }],
  ['every3days', { months: 0, days: 3 }],
  ['daily', { months: 0, days: 1 }],
]);
const units: ReadonlyMap<string, Period> = new Map([
  ['d', { months: 0, days: 1 }],
  ['w', { months: 0, days: 7 }],
  ['m', { months: 1, days: 0 }],
  ['y', { months: 12, days: 0 }],
]);

function parseFrequency(frequency: string): Period | undefined {
  const word = words.get(frequency);
  if (word !== undefined) return word;
  const [, number, unit = ''] = /^(\d{1,4})\s?([dwmy])$/.exec(frequency) ?? [];
  const period = units.get(unit);
  if (period === undefined || Number(number) === 0) return undefined;
  return { months: Number(number) * period.months, days: Number(number) * period.days };
}

/** The day after which it no longer counts; 31 January and a month is the last of February. */
export function attestationEnds({ updated, frequency }: Attestation): Date | undefined {
  const [end, period] = [parseMoment(updated), parseFrequency(frequency)];
  if (end === undefined || period === undefined) return undefined;
  const day = end.getUTCDate();
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + period.months);
  const daysInMonth = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(day, daysInMonth) + period.days);
  return end;
}

export interface Attested {
  hdf: Hdf;
  /** Attestations that changed nothing, or count no longer. */
  warnings: string[];
}

/** New results in which attested controls have the attested status. The given ones stay as they are. */
export function applyAttestations(given: Hdf, attestations: readonly Attestation[], now: Date): Attested {
  const hdf = structuredClone(given);
  const byId = Map.groupBy(
    hdf.profiles.flatMap(profile => profile.controls),
    control => control.id.toLowerCase(),
  );
  const warnings = attestations.flatMap(attestation => {
    const at = JSON.stringify(attestation.control_id);
    const named = byId.get(attestation.control_id.toLowerCase()) ?? [];
    const open = named.filter(control => control.results[0]?.status === 'skipped');
    const hasExpired = (attestationEnds(attestation) ?? now) < now;
    for (const control of open) attest(control, attestation, { hasExpired, now });
    if (named.length === 0) return [`${at}: no such control`];
    if (open.length === 0) return [`${at}: the control was not skipped, so its own result counts`];
    return hasExpired ? [`${at}: the attestation has expired`] : [];
  });
  return { hdf, warnings };
}

function attest(control: HdfControl, attestation: Attestation, at: { hasExpired: boolean; now: Date }): void {
  const { status, explanation, updated, updated_by: by, frequency } = attestation;
  const made = `${by} on ${updated}, ${frequency}: ${status}, ${explanation}`;
  control.attestation_data = { ...attestation };
  control.results.push({
    code_desc: at.hasExpired ? 'An attestation that has expired' : 'Attested by a person',
    status: at.hasExpired ? 'skipped' : status,
    message: at.hasExpired ? `Expired attestation by ${made}` : `Attested by ${made}`,
    start_time: at.now.toISOString(),
  });
}
