// SPDX-License-Identifier: Apache-2.0
// What the API answers of obligations.
import * as z from 'zod';
import { apiTypes } from '../domain/api-types.ts';
import { obligationStates } from '../domain/obligation.ts';
import { failure } from './shapes.ts';

const moment = z.iso.datetime();

export const obligation = z
  .object({
    name: z.string(),
    cluster: z.string().nullable(),
    namespace: z.array(z.string()).nullable(),
    selector: z.string().nullable(),
    profile: z.string(),
    withinDays: z.int(),
    graceDays: z.int(),
    workloads: z.int().describe('How many the clusters have, as far as they could be asked'),
    states: z.record(z.enum(obligationStates), z.int()).describe('How many of them are in which state'),
    listedAt: moment.nullable().describe('When the clusters were last asked what they have'),
    unknownSince: moment
      .nullable()
      .describe('Since when not all that it is about could be asked; null: all of it is known, and nothing is missing'),
    gaps: z
      .array(
        z.object({
          cluster: z.string().nullable(),
          namespace: z.string().nullable().describe('null: all of the cluster'),
          since: moment,
          error: failure,
        }),
      )
      .describe('What could not be asked, since when, and why'),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'Obligation' });

export const obliged = z
  .object({
    id: z.uuid(),
    cluster: z.string(),
    namespace: z.string(),
    kind: z.string(),
    name: z.string(),
    containers: z.array(z.string()).describe('That have to have been judged'),
    state: z
      .enum(obligationStates)
      .describe('unknown: the cluster could not be asked, so nothing is said; an error of a scan judges nothing'),
    unknownSince: moment.nullable(),
    judgedAt: moment.nullable().describe('By then each of its containers had been looked at; null: some never were'),
    scan: z.uuid().nullable().describe('Which did, of the container that waits longest'),
    dueAt: moment.describe('Until then it has to be judged'),
    overdueAt: moment.describe('The same with its grace'),
  })
  .register(apiTypes, { id: 'ObligedWorkload' });
