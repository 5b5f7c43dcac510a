// SPDX-License-Identifier: Apache-2.0
// What a scan service answers, as far as it is used here; the compiler holds it to the description that the service has of
// itself. Whoever answers may be somebody else: nothing is taken that has another shape, and no text is longer than it shows.
import * as z from 'zod';
import { catalogue, type ErrorCode, ScanError } from '../errors/index.ts';
import { shortLine } from '../report/index.ts';
import { Secret } from '../request/index.ts';
import type { ServiceApi } from './service-api.ts';

const text = (limit: number) => z.string().transform(raw => shortLine(raw, limit));
const id = z.uuid();

/** Schemas that take everything which the service may answer, by its own description. */
type Fitting<Schemas> = {
  [K in keyof Schemas]: K extends keyof ServiceApi
    ? Schemas[K] extends z.ZodType
      ? ServiceApi[K] extends z.input<Schemas[K]>
        ? Schemas[K]
        : never
      : never
    : never;
};

const described = <Schemas extends object>(schemas: Schemas & Fitting<Schemas>): Schemas => schemas;

const mostReports = 100_000;

export const {
  SubmittedScan: submittedScan,
  CancelledScan: cancelledScan,
  Scan: serverScan,
  ReportList: reportList,
  Problem: problem,
  ExchangedKey: exchangedKey,
} = described({
  SubmittedScan: z.object({ id, joined: z.boolean() }),
  CancelledScan: z.object({ others: z.int().min(0) }),
  Scan: z.object({
    id,
    state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled', 'expired']),
    verdict: z.enum(['pass', 'fail']).nullable(),
    reason: text(200).nullable(),
    exitCode: z.int().nullable(),
    error: z.object({ code: text(100), message: text(2000), remedy: text(1000) }).nullable(),
    position: z.int().nullable(),
    runId: text(100).nullable(),
    ask: z.record(z.string(), z.unknown()),
  }),
  ReportList: z.object({
    items: z
      .array(
        z.object({
          file: z.string().max(500),
          kind: z.string().max(100),
          digest: z.string().regex(/^[0-9a-f]{64}$/),
        }),
      )
      .max(mostReports),
  }),
  Problem: z.object({ code: text(100), detail: text(2000), remedy: text(1000) }),
  ExchangedKey: z.object({
    key: z
      .string()
      .regex(/^[\x21-\x7e]{1,500}$/)
      .transform(key => new Secret(key)),
    expiresAt: z.iso.datetime(),
    team: text(100),
    role: text(100),
    issuer: text(100),
    rule: text(100),
  }),
});

export type ExchangedKey = z.infer<typeof exchangedKey>;
export type ServerScan = z.infer<typeof serverScan>;
export type ListedReport = z.infer<typeof reportList>['items'][number];

/** What kept the service from it, in the codes that every door has; undefined for a code of another version. */
export function toKnownError({ code, message, remedy }: NonNullable<ServerScan['error']>): ScanError | undefined {
  return isCode(code) ? new ScanError(code, message, { remedy }) : undefined;
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code);
