// SPDX-License-Identifier: Apache-2.0
import { sql } from 'kysely';
import type { AnyTransaction } from './store.ts';

/** Who did what to which object. Never a secret. */
export interface AuditEntry {
  team: string | null;
  principal: string | null;
  /** `scan.submit`, `key.revoke`: the kind of object, and what was done to it. */
  action: string;
  object: string;
  detail?: Record<string, unknown>;
}

/** Adds an entry to the chain, in the transaction that it is about. */
export async function audit(transaction: AnyTransaction, entry: AuditEntry): Promise<void> {
  const { team, principal, action, object, detail = {} } = entry;
  await sql`select audit_append(${team}::uuid, ${principal}::uuid, ${action}, ${object}, ${JSON.stringify(detail)}::jsonb)`.execute(
    transaction,
  );
}

/** Numbers of entries that were changed, or that follow one that was taken out; at most ten. */
export async function brokenEntries(transaction: AnyTransaction): Promise<number[]> {
  const found = await transaction.selectFrom('audit_broken').select('n').orderBy('n').limit(10).execute();
  return found.map(({ n }) => Number(n));
}
