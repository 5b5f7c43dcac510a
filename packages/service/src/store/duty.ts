// SPDX-License-Identifier: Apache-2.0
import { sql } from 'kysely';
import type { PlatformTransaction } from './store.ts';

/** Takes a duty for a time, or goes on with it; false where another process has it. */
export async function takeDuty(
  transaction: PlatformTransaction,
  { name, holder, seconds }: { name: string; holder: string; seconds: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into duty (name, holder, until) values (${name}, ${holder}, now() + make_interval(secs => ${seconds}))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
      where duty.holder = excluded.holder or duty.until < now()`.execute(transaction);
  return numAffectedRows === 1n;
}
