// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { Secret } from '@cinc-scan/core';
import type { Blobs } from '../blobs/blobs.ts';
import { openBlobs } from '../blobs/open-blobs.ts';
import { ScanQueue } from '../queue/scan-queue.ts';
import { migrate } from '../store/migrate.ts';
import { type Database, openDatabase } from '../store/open-database.ts';
import { Store } from '../store/store.ts';
import type { PostgresServer } from './postgres.ts';

export interface TestStore extends AsyncDisposable {
  database: Database;
  store: Store;
  queue: ScanQueue;
  blobs: Blobs;
  errors: Error[];
  /** Puts another content where one lies, as a broken disk or somebody else would. */
  exchange(digest: string, content: Buffer): Promise<void>;
}

/** A store with all that belongs to it, on the embedded database or on a server. */
export async function openTestStore(
  server: PostgresServer | undefined,
  prepare: (place: Pick<TestStore, 'database' | 'blobs'>) => Promise<unknown> = ({ database }) =>
    migrate(database.kysely),
): Promise<TestStore> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'cst-service-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const place =
    server === undefined
      ? { kind: 'folder' as const, folder }
      : { kind: 'server' as const, url: new Secret(await server.makeDatabase()) };
  const database = stack.use(await openDatabase(place));
  const blobs = openBlobs({ data: folder, address: undefined, environment: {} });
  await prepare({ database, blobs });
  const errors: Error[] = [];
  const queue = stack.use(
    await ScanQueue.start(database, {
      times: { heartbeatSeconds: 10, superviseSeconds: 1 },
      onError: error => errors.push(error),
    }),
  );
  const owned = stack.move();
  return {
    database,
    store: new Store(database.kysely, database.signals),
    queue,
    blobs,
    errors,
    exchange: (digest, content) =>
      writeFile(join(folder, 'blobs', digest.slice(0, 2), `${digest}.zst`), zstdCompressSync(content)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
