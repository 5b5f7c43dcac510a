// SPDX-License-Identifier: Apache-2.0
import { type Kysely, sql, type Transaction } from 'kysely';
import type { KeyScope } from '../domain/key-scope.ts';
import { Signals } from './signals.ts';
import type { Tables } from './tables.ts';
import { tenantRole } from './tenancy.ts';

/** A transaction that sees the rows of one team and makes rows of that team, whatever it asks for. */
export type TeamTransaction = Transaction<Tables> & { readonly scope: 'team' };

/** A transaction of the service itself. */
export type PlatformTransaction = Transaction<Tables> & { readonly scope: 'platform' };

export type AnyTransaction = Transaction<Tables>;

/** What a caller sees: the rows of its team, of those what its key is for. */
export interface TeamView {
  team: string;
  scope: KeyScope | null;
}

/** The rows of the service. Whoever opens a transaction says for whom. */
export class Store {
  private readonly kysely: Kysely<Tables>;
  /** Of what was committed. */
  readonly signals: Signals;

  constructor(kysely: Kysely<Tables>, signals: Signals = new Signals()) {
    this.kysely = kysely;
    this.signals = signals;
  }

  /** For a team: row-level security holds it to the team's rows and the scope of the key, and new rows are the team's. */
  asTeam<T>(seen: string | TeamView, work: (transaction: TeamTransaction) => Promise<T>): Promise<T> {
    const { team, scope } = typeof seen === 'string' ? { team: seen, scope: null } : seen;
    return this.kysely.transaction().execute(async transaction => {
      await actFor(transaction, team);
      if (scope !== null) await setScope(transaction, scope);
      await sql`set local role ${sql.id(tenantRole)}`.execute(transaction);
      return work(Object.assign(transaction, { scope: 'team' as const }));
    });
  }

  /** For the service: sign-in, the queue, runners, the platform's own routes. */
  asPlatform<T>(work: (transaction: PlatformTransaction) => Promise<T>): Promise<T> {
    return this.kysely
      .transaction()
      .execute(transaction => work(Object.assign(transaction, { scope: 'platform' as const })));
  }

  /** In the name of the service, about rows of one team: what it makes is the team's. */
  forTeam<T>(team: string, work: (transaction: PlatformTransaction) => Promise<T>): Promise<T> {
    return this.asPlatform(async transaction => {
      await actFor(transaction, team);
      return work(transaction);
    });
  }
}

const setScope = (transaction: AnyTransaction, scope: KeyScope | null) =>
  sql`select set_config('cinc_scan.scope', ${scope === null ? '' : JSON.stringify(scope)}, true)`.execute(transaction);

/** For what counts over all of the team, whatever the key is for. */
export async function asWholeTeam<T>(
  transaction: TeamTransaction,
  { scope }: TeamView,
  work: () => Promise<T>,
): Promise<T> {
  if (scope === null) return work();
  await setScope(transaction, null);
  const done = await work();
  await setScope(transaction, scope);
  return done;
}

/** The team of the transaction, for queries of the service itself, which see every team. */
export const appTeam = sql<string>`app_team()`;

/** From here on the transaction of a team is the service's, as for the queue, which no team may touch. */
export async function asService(transaction: AnyTransaction): Promise<void> {
  await sql`reset role`.execute(transaction);
}

/** From here on new rows of the transaction are the team's. */
export async function actFor(transaction: AnyTransaction, team: string): Promise<void> {
  await sql`select set_config('cinc_scan.team', ${team}, true)`.execute(transaction);
}
