// SPDX-License-Identifier: Apache-2.0
// Browsers that are signed in: a row for each, with the hash of what its cookie holds.
import { ScanError, type Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { makeSessionSecret } from '../domain/session-secret.ts';
import { audit } from './audit-log.ts';
import { callerOfKey } from './keys.ts';
import type { AnyTransaction, PlatformTransaction, Store } from './store.ts';
import type { Caller } from './teams.ts';

const [longestMs, idleMs, seenMs] = [12 * 3_600_000, 2 * 3_600_000, 60_000];

export interface NewSession {
  principal: string;
  /** The key that it came from, and ends with. */
  key: { id: string; expiresAt: Date } | undefined;
}

export interface StartedSession {
  text: Secret;
  expiresAt: Date;
}

export async function startSession(
  transaction: PlatformTransaction,
  { principal, key }: NewSession,
): Promise<StartedSession> {
  const { text, hash } = makeSessionSecret();
  const longest = Date.now() + longestMs;
  const expiresAt = new Date(Math.min(longest, key?.expiresAt.getTime() ?? longest));
  const row = { id: makeId(), hash, principal_id: principal, key_id: key?.id ?? null, expires_at: expiresAt };
  await transaction.insertInto('session').values(row).execute();
  return { text, expiresAt };
}

export async function endSession(transaction: PlatformTransaction, hash: Buffer): Promise<void> {
  const gone = await transaction
    .deleteFrom('session')
    .where('hash', '=', hash)
    .returning('principal_id')
    .executeTakeFirst();
  if (gone === undefined) return;
  const principal = gone.principal_id;
  await audit(transaction, { team: null, principal, action: 'session.end', object: principal });
}

/** Wherever a person is signed in. Throws SERVICE_NOT_FOUND for who is not a person here. */
export async function endSessionsOf(transaction: PlatformTransaction, person: string, by: string): Promise<void> {
  const found = await transaction
    .selectFrom('principal')
    .select('id')
    .where('id', '=', person)
    .where('kind', '=', 'person')
    .executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `There is no person ${person}`);
  await transaction.deleteFrom('session').where('principal_id', '=', person).execute();
  await transaction.deleteFrom('membership').where('principal_id', '=', person).execute();
  await transaction.deleteFrom('platform_membership').where('principal_id', '=', person).execute();
  await audit(transaction, { team: null, principal: by, action: 'session.end', object: person });
}

/** As whom a session may act; nobody where it has ended. */
export function findSession(store: Store, hash: Buffer): Promise<Caller[]> {
  return store.asPlatform(async transaction => {
    const now = new Date();
    const found = await transaction
      .selectFrom('session')
      .innerJoin('principal', 'principal.id', 'session.principal_id')
      .select(['session.id', 'session.seen_at', 'key_id', 'principal.id as principal', 'principal.name'])
      .where('hash', '=', hash)
      .where('expires_at', '>', now)
      .where('seen_at', '>', new Date(now.getTime() - idleMs))
      .executeTakeFirst();
    if (found === undefined) return [];
    if (now.getTime() - found.seen_at.getTime() > seenMs)
      await transaction.updateTable('session').set({ seen_at: now }).where('id', '=', found.id).execute();
    if (found.key_id === null) return callersOfPerson(transaction, found);
    const caller = await callerOfKey(transaction, found.key_id, now);
    return caller === undefined ? [] : [caller];
  });
}

async function callersOfPerson(
  transaction: PlatformTransaction,
  { principal, name }: { principal: string; name: string },
): Promise<Caller[]> {
  const teams = await transaction
    .selectFrom('membership')
    .innerJoin('team', 'team.id', 'membership.team_id')
    .select(['team.id as team', 'team.slug as teamSlug', 'membership.role'])
    .where('principal_id', '=', principal)
    .orderBy('team.slug')
    .execute();
  const platform = await transaction
    .selectFrom('platform_membership')
    .select('role')
    .where('principal_id', '=', principal)
    .executeTakeFirst();
  return [
    ...teams.map(each => ({ kind: 'team' as const, principal, name, ...each, scope: null })),
    ...(platform === undefined ? [] : [{ kind: 'platform' as const, principal, name, role: platform.role }]),
  ];
}

/** Remembers that a state came back; false where it did before. */
export async function takeState(transaction: PlatformTransaction, hash: Buffer, expiresAt: Date): Promise<boolean> {
  const made = await transaction
    .insertInto('used_state')
    .values({ hash, expires_at: expiresAt })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  return made.numInsertedOrUpdatedRows === 1n;
}

/** Rows of sessions and states that nobody comes in with any more. */
export async function forgetExpiredSessions(transaction: AnyTransaction): Promise<void> {
  const idle = new Date(Date.now() - idleMs);
  await transaction
    .deleteFrom('session')
    .where(eb => eb.or([eb('expires_at', '<', sql<Date>`now()`), eb('seen_at', '<', idle)]))
    .execute();
  await transaction.deleteFrom('used_state').where('expires_at', '<', sql<Date>`now()`).execute();
}
