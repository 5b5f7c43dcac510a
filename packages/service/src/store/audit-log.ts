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

export interface BrokenEntry {
  n: number;
  at: Date;
  team: string | null;
  /** changed: it is not what its hash is of; unlinked: it does not follow the entry before it, which was changed or taken out. */
  why: 'changed' | 'unlinked';
}

/** Of the last entry: whoever keeps it elsewhere notices when entries are taken off the end. */
export interface ChainHead {
  n: number;
  hash: string;
}

export interface Chain {
  entries: number;
  head: ChainHead | undefined;
  /** At most ten. */
  broken: BrokenEntry[];
}

// Made of what the database brings along: functions and views of the service could have been changed with the entries.
const chain = sql`(
  select n, at, team_id, hash, previous, lag(hash, 1, ''::bytea) over (order by n) as before,
    pg_catalog.sha256(previous || pg_catalog.convert_to(pg_catalog.jsonb_build_array(
      extract(epoch from at)::text, team_id, principal_id, action, object, detail)::text, 'UTF8')) as wanted
  from audit_entry) as chain`;

/** Reads the whole log. */
export async function verifyChain(transaction: AnyTransaction): Promise<Chain> {
  const { rows } = await sql<Omit<BrokenEntry, 'n'> & { n: number | string }>`
    select n, at, team_id as team, case when hash <> wanted then 'changed' else 'unlinked' end as why
    from ${chain} where hash <> wanted or previous <> before order by n limit 10`.execute(transaction);
  const { entries } = await transaction
    .selectFrom('audit_entry')
    .select(sql<number>`count(*)::int`.as('entries'))
    .executeTakeFirstOrThrow();
  const last = await transaction
    .selectFrom('audit_entry')
    .select(['n', 'hash'])
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    entries,
    head: last && { n: Number(last.n), hash: Buffer.from(last.hash).toString('hex') },
    broken: rows.map(row => ({ ...row, n: Number(row.n) })),
  };
}

/** Whether the entry is there that was the last one once. */
export async function hasEntry(transaction: AnyTransaction, { n, hash }: ChainHead): Promise<boolean> {
  const found = await transaction.selectFrom('audit_entry').select('hash').where('n', '=', n).executeTakeFirst();
  return found !== undefined && Buffer.from(found.hash).toString('hex') === hash;
}
