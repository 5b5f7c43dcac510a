// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import type { Terminal } from './terminal.ts';

interface Options {
  level?: 'info' | 'debug';
  run?: string | undefined;
}

/** Lines of JSON on standard error. */
export function jsonLog({ stderr }: Terminal, { level = 'info', run }: Options = {}): Logger {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stderr.write(chunk.toString());
      done();
    },
  });
  const base = { tool: 'cinc-scan', ...(run !== undefined && { run }) };
  return pino({ level, base, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
