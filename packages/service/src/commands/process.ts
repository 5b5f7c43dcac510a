// SPDX-License-Identifier: Apache-2.0
// What every process of the service does alike: it logs to standard error, and ends when it is told to.
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';

export const makeLogger = (level: string): FastifyBaseLogger =>
  pino({ level, serializers: { err: shownError } }, pino.destination(2));

/** An error of the database carries the values of its query. */
function shownError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return { name, message, code, stack, ...(cause !== undefined && { cause: shownError(cause) }) };
}

export const stopSignal = (): Promise<void> =>
  new Promise(resolve => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
  });
