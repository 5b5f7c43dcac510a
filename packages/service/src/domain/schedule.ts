// SPDX-License-Identifier: Apache-2.0
// What is scanned again and again, as a team says it.
import { createHash } from 'node:crypto';
import { parseDuration, ScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { scanBody } from './ask.ts';
import { type Cadence, parseCron, parseEvery } from './cadence.ts';
import { slug } from './ids.ts';

/** asked: there is a scan; skipped: the one before still ran; refused: no scan could be asked for. */
export const firingOutcomes = ['asked', 'skipped', 'refused'] as const;
export type FiringOutcome = (typeof firingOutcomes)[number];

const cadence = {
  cron: z.string().max(200).optional().describe('Minute, hour, day of month, month, day of week'),
  timeZone: z.string().max(64).optional().describe('Of `cron`, as IANA names it; UTC unless told'),
  every: z.string().max(20).optional().describe('In the place of `cron`: a time such as 6h or 90m'),
  jitter: z
    .string()
    .max(20)
    .optional()
    .describe('It fires later by up to this much, always by the same: many schedules of one line do not fire at once'),
};

const rest = {
  ...cadence,
  scan: scanBody.describe('What each firing asks for, as POST scans takes it'),
};

export const scheduleBody = z.strictObject(rest).register(apiTypes, { id: 'ScheduleChange' });

export const newSchedule = z.strictObject({ name: slug, ...rest }).register(apiTypes, { id: 'NewSchedule' });

export interface Timing {
  cadence: Cadence;
  jitterSeconds: number;
}

const mostJitterSeconds = 24 * 3600;

/** Throws INPUT_INVALID. */
export function toTiming(body: z.infer<typeof scheduleBody>, anchor: Date): Timing {
  const { cron, timeZone, every, jitter } = body;
  const jitterSeconds = jitter === undefined ? 0 : parseDuration(jitter, 'jitter');
  if (jitterSeconds > mostJitterSeconds) throw invalid('jitter: expected a day at the most');
  if ((cron === undefined) === (every === undefined)) throw invalid('cron, every: expected one of them');
  if (every === undefined) return { cadence: parseCron(cron ?? '', timeZone ?? 'UTC'), jitterSeconds };
  if (timeZone !== undefined) throw invalid('timeZone: expected none beside every, which counts without a clock');
  return { cadence: parseEvery(every, anchor), jitterSeconds };
}

const invalid = (text: string) => new ScanError('INPUT_INVALID', text);

/** How much later than by its cadence a schedule fires, always. */
export const delayMsOf = (id: string, jitterSeconds: number): number =>
  (createHash('sha256').update(id).digest().readUInt32BE(0) % (jitterSeconds + 1)) * 1000;
