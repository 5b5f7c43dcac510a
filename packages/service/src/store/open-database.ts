// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { ScanError, Secret, toMessage } from '@cinc-scan/core';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { type ConstructorOptions, fromPglite } from 'pg-boss';
import { databaseTemplate } from '../own-package.ts';
import { ExclusivePGliteDialect } from './exclusive-pglite.ts';
import { carrySignals } from './postgres-signals.ts';
import { Signals } from './signals.ts';
import type { Tables } from './tables.ts';

/** Where the service keeps its rows. */
export type DatabasePlace =
  /** Embedded, for one process. */
  { kind: 'folder'; folder: string } | { kind: 'server'; url: Secret };

export interface Database extends AsyncDisposable {
  kysely: Kysely<Tables>;
  /** Between all that work with it. */
  signals: Signals;
  /** How the queue comes to the same database. */
  queue: Pick<ConstructorOptions, 'backend' | 'db' | 'connectionString' | 'max'>;
}

export async function openDatabase(place: DatabasePlace): Promise<Database> {
  return place.kind === 'folder' ? openFolder(place.folder) : openServer(place.url);
}

const databaseIn = (folder: string): string => join(folder, 'database');

/** Whether an embedded database was made in a data folder. */
export const hasDatabase = (folder: string): boolean => existsSync(join(databaseIn(folder), 'PG_VERSION'));

async function openFolder(folder: string): Promise<Database> {
  const path = databaseIn(folder);
  const pglite = await openPGlite(path, hasDatabase(folder));
  const kysely = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect(pglite) });
  return {
    kysely,
    signals: new Signals(), // there is no other process
    queue: { backend: 'pglite', db: fromPglite(pglite) },
    [Symbol.asyncDispose]: () => kysely.destroy(),
  };
}

async function openPGlite(path: string, isThere: boolean): Promise<PGlite> {
  try {
    if (!isThere) await makeDatabase(path);
    return await PGlite.create(path);
  } catch (error) {
    throw new ScanError('SERVICE_DATA', `The embedded database in ${path} cannot be opened: ${toMessage(error)}`, {
      cause: error,
    });
  }
}

/** Under another name until it is whole. To initialize one takes seconds; a copy of one that was, a fraction of that. */
async function makeDatabase(path: string): Promise<void> {
  const draft = `${path}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const template = databaseTemplate();
  const copied = template && { loadDataDir: new Blob([zstdDecompressSync(await readFile(template))]) };
  const pglite = await PGlite.create({ dataDir: draft, ...copied });
  await pglite.close();
  await rename(draft, path);
}

const mostConnections = 10;

async function openServer(url: Secret): Promise<Database> {
  const connectionString = url.reveal();
  const pool = new Pool({ connectionString, max: mostConnections, connectionTimeoutMillis: 10_000 });
  // One that is lost in use fails its query, and says so a second time: with nobody to hear that the process would end.
  pool.on('connect', client => client.on('error', () => undefined));
  pool.on('error', () => undefined); // an idle connection that was lost is replaced by the next query
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const carried = carrySignals(connectionString, pool);
  return {
    kysely,
    signals: carried.signals,
    queue: { connectionString, max: mostConnections },
    async [Symbol.asyncDispose]() {
      await carried[Symbol.asyncDispose]();
      await kysely.destroy();
    },
  };
}
