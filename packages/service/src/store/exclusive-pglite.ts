// SPDX-License-Identifier: Apache-2.0
import type { PGlite } from '@electric-sql/pglite';
import { type DatabaseConnection, type Driver, PGliteDialect, PGliteDriver } from 'kysely';

/**
 * Kysely's driver hands its one connection to whoever asks, so that a query would run inside a transaction that another
 * caller has open, with that caller's team. Here the connection is one caller's until it is given back.
 */
class ExclusiveDriver extends PGliteDriver {
  private last: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.last = promise;
    await before;
    this.release = resolve;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.release();
    await super.releaseConnection();
  }
}

/** PGlite for several callers at once. */
export class ExclusivePGliteDialect extends PGliteDialect {
  private readonly pglite: PGlite;

  constructor(pglite: PGlite) {
    super({ pglite });
    this.pglite = pglite;
  }

  override createDriver(): Driver {
    return new ExclusiveDriver({ pglite: this.pglite });
  }
}
