// SPDX-License-Identifier: Apache-2.0
import { ScanError, type Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { isSameHash, makeKey, type PresentedKey } from '../domain/api-key.ts';
import type { KeyScope } from '../domain/key-scope.ts';
import { isTeamRole, least, type PlatformRole, type TeamRole } from '../domain/roles.ts';
import { audit } from './audit-log.ts';
import { type AnyTransaction, actFor, type PlatformTransaction, type Store, type TeamTransaction } from './store.ts';
import type { Caller, TeamCaller } from './teams.ts';

export interface NewApiKey {
  name: string;
  role: TeamRole;
  scope?: KeyScope | null;
  /** Of a runner's key. */
  regions?: string[] | undefined;
  expiresAt: Date;
}

export interface MadeKey {
  id: string;
  text: Secret;
}

/** A program of the team with a key of its own. The text of the key is in the answer and nowhere else. */
export function createTeamKey(transaction: TeamTransaction, key: NewApiKey, by: TeamCaller): Promise<MadeKey> {
  return insertKey(transaction, { ...key, team: by.team }, by.principal);
}

type AnyKey = Omit<NewApiKey, 'role'> & { role: TeamRole | PlatformRole; team: string | null };

/** For the first administrator of a team, by an operator; also how the very first keys come about. */
export async function createFirstKey(
  transaction: PlatformTransaction,
  key: AnyKey,
  by: string | null,
): Promise<MadeKey> {
  if (key.team !== null) await actFor(transaction, key.team);
  return insertKey(transaction, key, by);
}

async function insertKey(transaction: AnyTransaction, key: AnyKey, by: string | null): Promise<MadeKey> {
  const { name, role, team, scope = null, regions, expiresAt } = key;
  const principal = makeId();
  const platform_role = isTeamRole(role) ? null : role;
  await transaction.insertInto('principal').values({ id: principal, name, kind: 'program', platform_role }).execute();
  if (isTeamRole(role)) await transaction.insertInto('membership').values({ principal_id: principal, role }).execute();
  const { id, publicId, text } = await insertKeyOf(transaction, principal, key);
  const detail = {
    name,
    role,
    expires: expiresAt.toISOString(),
    ...(scope !== null && { scope }),
    ...(regions && { regions }),
  };
  await audit(transaction, { team, principal: by, action: 'key.create', object: publicId, detail });
  return { id, text };
}

/** A key for a program that is there. */
export async function insertKeyOf(
  transaction: AnyTransaction,
  principal: string,
  { name, role, team, scope = null, regions, expiresAt, rule }: AnyKey & { rule?: string },
): Promise<MadeKey & { publicId: string }> {
  const id = makeId();
  const { text, publicId, hash } = makeKey();
  await transaction
    .insertInto('api_key')
    .values({
      id,
      public_id: publicId,
      hash,
      principal_id: principal,
      name,
      role,
      team_id: team,
      scope: scope && JSON.stringify(scope),
      regions: regions ?? null,
      expires_at: expiresAt,
      rule_id: rule,
    })
    .execute();
  return { id, publicId, text };
}

const keyColumns = [
  'id',
  'public_id',
  'name',
  'role',
  'scope',
  'expires_at',
  'revoked_at',
  'last_used_at',
  'created_at',
] as const;

export const listKeys = (transaction: TeamTransaction) =>
  transaction.selectFrom('api_key').select(keyColumns).orderBy('id').execute();

export const listPlatformKeys = (transaction: PlatformTransaction) =>
  transaction.selectFrom('api_key').select(keyColumns).where('team_id', 'is', null).orderBy('id').execute();

/** From now on nobody comes in with it. Throws SERVICE_NOT_FOUND. */
export async function revokeKey(transaction: TeamTransaction, id: string, by: TeamCaller): Promise<void> {
  const found = await markRevoked(transaction, id, by.team);
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The team has no valid key ${id}`);
  await endIdlePrograms(transaction, found.principal_id);
  await audit(transaction, { team: by.team, principal: by.principal, action: 'key.revoke', object: found.public_id });
}

/** The same for a key of the platform. Throws SERVICE_NOT_FOUND. */
export async function revokePlatformKey(transaction: PlatformTransaction, id: string, by: string): Promise<void> {
  const found = await markRevoked(transaction, id, null);
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The platform has no valid key ${id}`);
  await endIdlePlatformPrograms(transaction, found.principal_id);
  await audit(transaction, { team: null, principal: by, action: 'key.revoke', object: found.public_id });
}

const markRevoked = (transaction: AnyTransaction, id: string, team: string | null) =>
  transaction
    .updateTable('api_key')
    .set({ revoked_at: new Date() })
    .where('id', '=', id)
    .where('team_id', team === null ? 'is' : '=', team)
    .where('revoked_at', 'is', null)
    .returning(['public_id', 'principal_id'])
    .executeTakeFirst();

const hasValidKey = sql<boolean>`exists (select from api_key as k
  where k.principal_id = principal.id and k.revoked_at is null and k.expires_at > now())`;

/** A program is a member for as long as it has a key: what is left of it is its name, next to what it did. */
async function endIdlePrograms(transaction: AnyTransaction, only?: string): Promise<void> {
  const idle = transaction
    .selectFrom('principal')
    .select('id')
    .where('kind', '=', 'program')
    .where(hasValidKey, '=', false)
    .$if(only !== undefined, query => query.where('id', '=', only ?? ''));
  await transaction.deleteFrom('membership').where('principal_id', 'in', idle).execute();
}

async function endIdlePlatformPrograms(transaction: PlatformTransaction, only?: string): Promise<void> {
  await transaction
    .updateTable('principal')
    .set({ platform_role: null })
    .where('kind', '=', 'program')
    .where('platform_role', 'is not', null)
    .where(hasValidKey, '=', false)
    .$if(only !== undefined, query => query.where('id', '=', only ?? ''))
    .execute();
}

/** The same of those whose keys have expired, now and then. Pipelines get many keys: a day after their end they go. */
export async function endExpired(transaction: PlatformTransaction): Promise<void> {
  await transaction
    .deleteFrom('api_key')
    .where('rule_id', 'is not', null)
    .where('expires_at', '<', sql<Date>`now() - interval '1 day'`)
    .execute();
  await endIdlePrograms(transaction);
  await endIdlePlatformPrograms(transaction);
}

const usedMs = 60_000;

/** Who a key belongs to. Throws SERVICE_KEY_INVALID, which says nothing of why. */
export async function findCaller(store: Store, presented: PresentedKey): Promise<Caller> {
  return (await findKey(store, presented)).caller;
}

export interface FoundKey {
  id: string;
  expiresAt: Date;
  caller: Caller;
}

/** Throws SERVICE_KEY_INVALID. */
export function findKey(store: Store, { publicId, hash }: PresentedKey): Promise<FoundKey> {
  return store.asPlatform(async transaction => {
    const found = await keyRows(transaction).where('public_id', '=', publicId).executeTakeFirst();
    const now = new Date();
    if (found === undefined || !isSameHash(found.hash, hash) || !isValid(found, now)) throw invalidKey();
    if (found.last_used_at === null || now.getTime() - found.last_used_at.getTime() > usedMs)
      await transaction.updateTable('api_key').set({ last_used_at: now }).where('id', '=', found.id).execute();
    return { id: found.id, expiresAt: found.expires_at, caller: toCaller(found) };
  });
}

/** Of a session that came from a key: undefined where that has ended. */
export async function callerOfKey(
  transaction: PlatformTransaction,
  id: string,
  now: Date,
): Promise<Caller | undefined> {
  const found = await keyRows(transaction).where('api_key.id', '=', id).executeTakeFirst();
  return found !== undefined && isValid(found, now) ? toCaller(found) : undefined;
}

const isValid = ({ revoked_at, expires_at }: Pick<KeyRow, 'revoked_at' | 'expires_at'>, now: Date): boolean =>
  revoked_at === null && expires_at > now;

const keyRows = (transaction: PlatformTransaction) =>
  transaction
    .selectFrom('api_key')
    .innerJoin('principal', 'principal.id', 'api_key.principal_id')
    .leftJoin('team', 'team.id', 'api_key.team_id')
    .leftJoin('membership', join =>
      join.onRef('membership.principal_id', '=', 'principal.id').onRef('membership.team_id', '=', 'api_key.team_id'),
    )
    .select([
      'api_key.id',
      'api_key.hash',
      'api_key.role as keyRole',
      'api_key.scope',
      'api_key.rule_id as rule',
      'api_key.regions',
      'api_key.last_used_at',
      'api_key.expires_at',
      'api_key.revoked_at',
      'principal.id as principal',
      'principal.name',
      'principal.platform_role',
      'team.id as team',
      'team.slug as teamSlug',
      'membership.role as memberRole',
    ]);

type KeyRow = Awaited<ReturnType<ReturnType<typeof keyRows>['executeTakeFirstOrThrow']>>;

/** What key and principal both allow. */
function toCaller(row: KeyRow): Caller {
  const { keyRole, platform_role, principal, name } = row;
  if (isTeamRole(keyRole)) return toMember(row, keyRole);
  if (platform_role === null) throw invalidKey();
  if (keyRole === 'runner' || platform_role === 'runner') return toRunner(row);
  const role = keyRole === 'operator' && platform_role === 'operator' ? 'operator' : 'auditor';
  return { kind: 'platform', principal, name, role };
}

function toMember({ principal, name, scope, rule, memberRole, team, teamSlug }: KeyRow, keyRole: TeamRole): Caller {
  // What a token of another issuer may is in its rule, and goes with it.
  const most = rule === null ? memberRole : keyRole;
  if (team === null || teamSlug === null || most === null) throw invalidKey();
  return { kind: 'team', principal, name, team, teamSlug, role: least(keyRole, most), scope };
}

/** Neither the key alone nor its program alone makes a runner. */
function toRunner({ keyRole, platform_role, regions, principal, name }: KeyRow): Caller {
  if (keyRole !== platform_role || regions === null) throw invalidKey();
  return { kind: 'runner', principal, name, regions };
}

export const invalidKey = (): ScanError =>
  new ScanError('SERVICE_KEY_INVALID', 'There is no key, or it is unknown, expired or revoked');
