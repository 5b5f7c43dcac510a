// SPDX-License-Identifier: Apache-2.0
// What a service and the process that scans say to each other: a line of JSON each way.
import { jailStrengths } from '@cinc-scan/core';
import * as z from 'zod';
import { cleans } from '../domain/clean.ts';
import { question, questionAnswer } from '../domain/question.ts';

/** To the process: one scan. */
const scanOrder = z.strictObject({
  kind: z.literal('scan'),
  job: z.int(),
  runId: z.string(),
  /** Runs of attempts that died: what they left in the cluster goes first. */
  before: z.array(z.string()),
  /** Why only that is done, and nothing is scanned. */
  clean: z.enum(cleans).optional(),
  namespaces: z.array(z.string()),
  /** What results are about, by registered names. */
  names: z.strictObject({ cluster: z.string(), profiles: z.array(z.string()).readonly() }),
  /** The request document. */
  request: z.string(),
  /** Empty folder for what the run leaves. */
  folder: z.string(),
  /** Path of a kubeconfig; without one it is the cluster that the service runs in. */
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  /** Profile code runs in no less. */
  requireJail: z.enum(jailStrengths),
  /** That is more than this runner sees to by itself: whether the machine gives it is found out before anything is made. */
  isDemanded: z.boolean(),
});
export type ScanOrder = z.infer<typeof scanOrder>;

/** To the process: something to find out about a cluster. */
const questionOrder = z.strictObject({
  kind: z.literal('question'),
  job: z.int(),
  ask: question,
  /** Until nobody waits any more. */
  milliseconds: z.int(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
});
export type QuestionOrder = z.infer<typeof questionOrder>;

const cancelOrder = z.strictObject({ kind: z.literal('cancel'), job: z.int() });

export const toProcess = z.discriminatedUnion('kind', [scanOrder, questionOrder, cancelOrder]);
export type ToProcess = z.infer<typeof toProcess>;

const failure = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });

/** From the process. */
export const fromProcess = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('event'),
    job: z.int(),
    event: z.string(),
    data: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal('judged'),
    job: z.int(),
    verdict: z.enum(['pass', 'fail', 'error']),
    reason: z.string(),
    exitCode: z.int(),
    counts: z.record(z.string(), z.int()),
    /** What profile code ran in. */
    isolation: z.enum(jailStrengths).optional(),
    failure: failure.optional(),
    reports: z.array(z.strictObject({ file: z.string(), kind: z.string() })),
  }),
  z.strictObject({ kind: z.literal('refused'), job: z.int(), failure }),
  z.strictObject({ kind: z.literal('answered'), job: z.int(), answer: questionAnswer }),
]);
export type FromProcess = z.infer<typeof fromProcess>;
