// SPDX-License-Identifier: Apache-2.0
// What somebody wants to know of a cluster now. Whoever has its credential answers: the runner that would scan there.
import { clusterChecks } from '@cinc-scan/core';
import * as z from 'zod';

const names = z.array(z.string().max(253)).max(10_000);

/** Where a workload stands in the list of all. */
export const workloadPlace = z.strictObject({
  namespace: z.string().max(253),
  kind: z.string().max(253),
  name: z.string().max(253),
});

const targetsQuestion = z.strictObject({
  kind: z.literal('targets'),
  /** null: all that the cluster has. */
  namespaces: names.nullable(),
  selector: z.string().max(500).nullable(),
  after: workloadPlace.nullable(),
  limit: z.int().min(1).max(500),
});

const checkQuestion = z.strictObject({
  kind: z.literal('check'),
  /** null: anywhere. */
  namespaces: names.nullable(),
});

export const question = z.discriminatedUnion('kind', [targetsQuestion, checkQuestion]);
export type Question = z.infer<typeof question>;

const failure = z.strictObject({
  code: z.string().max(100),
  message: z.string().max(20_000),
  remedy: z.string().max(5000),
});

const texts = z.array(z.string().max(1000)).max(1000);

const container = z.strictObject({ name: z.string().max(253), images: texts, digests: texts, isUsual: z.boolean() });

export const workload = z.strictObject({
  ...workloadPlace.shape,
  selectors: texts,
  containers: z.array(container).max(1000),
  pods: z.int().min(0),
  lens: z.enum(['sidecar', 'exec']),
  problems: z.array(failure).max(100),
});

const targetsAnswer = z.strictObject({
  kind: z.literal('targets'),
  workloads: z.array(workload).max(500),
  hasMore: z.boolean(),
  /** Namespaces that could not be looked at. */
  unasked: z.array(z.strictObject({ namespace: z.string().max(253), error: failure })).max(10_000),
});

const checkNames = [...clusterChecks, 'runner'] as const;

export const checkFinding = z.strictObject({
  check: z.enum(checkNames),
  namespace: z.string().max(253).nullable(),
  state: z
    .enum(['fine', 'noticed', 'broken', 'unchecked'])
    .describe('noticed: it works, and should not be so; unchecked: something kept us from looking'),
  said: z.string().max(20_000),
  remedy: z.string().max(20_000).nullable().describe('null where there is nothing to do'),
});
export type CheckFinding = z.infer<typeof checkFinding>;
export type CheckState = CheckFinding['state'];

/** The worst counts: what is broken over what could not be seen. */
export const stateOf = (findings: readonly CheckFinding[]): CheckState =>
  (['broken', 'unchecked', 'noticed'] as const).find(state => findings.some(each => each.state === state)) ?? 'fine';

const checkAnswer = z.strictObject({ kind: z.literal('check'), findings: z.array(checkFinding).max(1000) });

/** failed: the cluster could not be asked, which says nothing of what it has. */
export const questionAnswer = z.discriminatedUnion('kind', [
  targetsAnswer,
  checkAnswer,
  z.strictObject({ kind: z.literal('failed'), failure }),
]);
export type QuestionAnswer = z.infer<typeof questionAnswer>;
