// SPDX-License-Identifier: Apache-2.0
// Signals between the processes of a service, by LISTEN and NOTIFY of their database.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, type Pool } from 'pg';
import { Signals } from './signals.ts';

const channel = 'cinc_scan_signals';
const againMs = 1000;

export interface CarriedSignals extends AsyncDisposable {
  signals: Signals;
}

/** What is lost while there is no connection is lost: whoever waits looks by itself. */
export function carrySignals(connectionString: string, pool: Pool): CarriedSignals {
  const self = randomUUID();
  const say = (name: string) => pool.query('select pg_notify($1, $2)', [channel, `${self} ${name}`]);
  const signals = new Signals(name => void say(name).catch(() => undefined));
  const stopping = new AbortController();
  const onSaid = (text: string) => {
    const [speaker, name] = text.split(' ');
    if (speaker !== self && name !== undefined) signals.hear(name);
  };
  const listening = listenOn(connectionString, onSaid, stopping.signal);
  return {
    signals,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await listening;
    },
  };
}

/** Until the signal is given, with as many connections as it takes, one after the other. */
async function listenOn(connectionString: string, onSaid: (text: string) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(new Client({ connectionString, connectionTimeoutMillis: 10_000 }), onSaid, signal);
    await pause(againMs, undefined, { signal }).catch(() => undefined);
  }
}

async function listenOnce(client: Client, onSaid: (text: string) => void, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const stop = () => end();
  client.once('end', stop).on('error', stop);
  client.on('notification', ({ payload = '' }) => onSaid(payload));
  signal.addEventListener('abort', stop);
  try {
    await client.connect();
    await client.query(`listen ${channel}`);
    if (!signal.aborted) await over;
  } catch {
    // The database is away: the next connection finds out whether it is back.
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}
