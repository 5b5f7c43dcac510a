// SPDX-License-Identifier: Apache-2.0
// What the API answers of schedules.
import * as z from 'zod';
import { apiTypes } from '../domain/api-types.ts';
import { firingOutcomes } from '../domain/schedule.ts';
import { failure } from './shapes.ts';

const moment = z.iso.datetime();

export const firing = z
  .object({
    at: moment.describe('By its line: a schedule fires once for each such time'),
    firedAt: moment,
    missedSince: moment.nullable().describe('The first firing that nobody saw to; this one stands for all since then'),
    outcome: z
      .enum(firingOutcomes)
      .describe('asked: there is a scan; skipped: the one before still ran; refused: no scan could be asked for'),
    joined: z.boolean().describe('Somebody else had asked for the same scan, which waited'),
    scan: z.uuid().nullable().describe('Of skipped: the one that still ran; null where it is kept no longer'),
    error: failure.nullable().describe('Of refused: what kept it'),
  })
  .register(apiTypes, { id: 'Firing' });

export const firingPage = z
  .object({
    items: z.array(firing),
    next: z.string().nullable().describe('Value of `after` for the next page'),
  })
  .register(apiTypes, { id: 'FiringPage' });

export const schedule = z
  .object({
    name: z.string(),
    cron: z.string().nullable(),
    timeZone: z.string().nullable(),
    everySeconds: z.int().nullable(),
    jitterSeconds: z.int(),
    delaySeconds: z.int().describe('How much later than by its line it fires, of its jitter'),
    paused: z.boolean(),
    next: z.array(moment).describe('The next five times, its delay included; none while it is paused'),
    last: firing.nullable(),
    scan: z.record(z.string(), z.unknown()),
    callback: z.string().nullable().describe('Origin of the address that is told of the end of each scan'),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'Schedule' });
