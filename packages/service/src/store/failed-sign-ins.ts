// SPDX-License-Identifier: Apache-2.0
// How often somebody failed to sign in lately; of addresses hashes are kept, for an hour.
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { PlatformTransaction } from './store.ts';

const hashOf = (address: string): Buffer => createHash('sha256').update(address).digest();

/** In this minute. */
export async function countFailures(transaction: PlatformTransaction, address: string): Promise<number> {
  const found = await transaction
    .selectFrom('failed_sign_in')
    .select('count')
    .where('address', '=', hashOf(address))
    .where(sql<boolean>`minute = date_trunc('minute', now())`)
    .executeTakeFirst();
  return found?.count ?? 0;
}

export async function addFailure(transaction: PlatformTransaction, address: string): Promise<void> {
  await sql`insert into failed_sign_in (address, minute, count)
    values (${hashOf(address)}, date_trunc('minute', now()), 1)
    on conflict (address, minute) do update set count = failed_sign_in.count + 1`.execute(transaction);
}

export const forgetFailures = (transaction: PlatformTransaction) =>
  sql`delete from failed_sign_in where minute < now() - interval '1 hour'`.execute(transaction);
