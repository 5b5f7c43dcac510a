// SPDX-License-Identifier: Apache-2.0
// What a runner elsewhere and the service say to each other, over HTTPS. The runner asks; the service never calls it.
import { jailStrengths } from '@cinc-scan/core';
import * as z from 'zod';
import { cleans } from '../domain/clean.ts';
import { uuid } from '../domain/ids.ts';
import { question, questionAnswer } from '../domain/question.ts';

export const wirePrefix = '/internal/v1';

/** Of a scan, and which of its attempts. */
export const attemptPath = z.object({ scan: uuid, attempt: z.coerce.number().pipe(z.int().min(1).max(1000)) });

export const takeBody = z.strictObject({
  runner: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'expected up to 200 visible characters'),
});

const offer = z.strictObject({
  scan: uuid,
  team: uuid,
  attempt: z.int(),
  runId: z.string(),
  /** Runs of attempts that died. */
  before: z.array(z.string()),
  /** Why nothing is scanned any more: what those left is taken back. */
  clean: z.enum(cleans).nullable(),
  namespaces: z.array(z.string()),
  requireJail: z.enum(jailStrengths),
  /** What results are about, by registered names. */
  names: z.strictObject({ cluster: z.string(), profiles: z.array(z.string()) }),
  /** The request document. */
  request: z.string(),
  cluster: z.strictObject({ id: uuid, credential: z.string().nullable(), context: z.string().nullable() }),
});
export type Offer = z.infer<typeof offer>;

export const takeAnswer = z.strictObject({ offer: offer.nullable() });

/** For a ticket: the lease of its attempt, and a key for that alone. */
export const tradeAnswer = z.strictObject({ offer, key: z.string() });

export const word = z.strictObject({ word: z.enum(['go-on', 'cancel', 'lost']) });

const questionOffer = z.strictObject({
  id: uuid,
  ask: question,
  milliseconds: z.int(),
  cluster: z.strictObject({ credential: z.string().nullable(), context: z.string().nullable() }),
});

export const takeQuestionAnswer = z.strictObject({ question: questionOffer.nullable() });

export const answerBody = z.strictObject({ runner: takeBody.shape.runner, answer: questionAnswer });

/** In one message. */
export const mostEvents = 1000;

export const eventsBody = z.strictObject({
  events: z
    .array(z.strictObject({ kind: z.string().max(100), data: z.record(z.string(), z.unknown()) }))
    .min(1)
    .max(mostEvents),
});

/** What was kept; null: another attempt counts by now. */
export const uploaded = z.strictObject({
  kept: z.strictObject({ digest: z.string(), bytes: z.int() }).nullable(),
});

const keptReport = z.strictObject({
  file: z.string().min(1).max(500),
  kind: z.string().min(1).max(100),
  blob: z.string().max(200),
  bytes: z.int().min(0),
});

/** Whether the attempt still counts. */
export const counted = z.strictObject({ counts: z.boolean() });

const failure = z.strictObject({
  code: z.string().max(100),
  message: z.string().max(20_000),
  remedy: z.string().max(5000),
});

/** How an attempt ended; its reports were sent before. */
export const endBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('judged'),
    verdict: z.enum(['pass', 'fail', 'error']),
    reason: z.string().max(200),
    exitCode: z.int().min(0).max(255),
    counts: z.record(z.string().max(100), z.int().min(0)),
    isolation: z.enum(jailStrengths).optional(),
    failure: failure.optional(),
    mayPass: z.boolean(),
    reports: z.array(keptReport).max(10_000),
  }),
  z.strictObject({ kind: z.literal('refused'), failure, mayPass: z.boolean() }),
  z.strictObject({ kind: z.literal('cancelled') }),
]);
export type EndBody = z.infer<typeof endBody>;
