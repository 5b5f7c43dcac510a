// SPDX-License-Identifier: Apache-2.0
import { ScanError, Secret } from '@cinc-scan/core';
import { v7 as makeId } from 'uuid';
import { isSameHash, makeKey, type PresentedKey } from '../domain/api-key.ts';
import { isTeamRole, least, type PlatformRole, type TeamRole } from '../domain/roles.ts';
import { audit } from './audit-log.ts';
import { type AnyTransaction, actFor, type PlatformTransaction, type Store, type TeamTransaction } from './store.ts';

/** Who calls, for which team or for the platform. */
export type Caller =
  | { kind: 'team'; principal: string; name: string; team: string; teamSlug: string; role: TeamRole; keyId: string }
  | { kind: 'platform'; principal: string; name: string; role: PlatformRole; keyId: string };

export interface NewTeam {
  slug: string;
  name: string;
}

export async function createTeam(
  transaction: PlatformTransaction,
  { slug, name }: NewTeam,
  by: string,
): Promise<string> {
  const id = makeId();
  const made = await transaction
    .insertInto('team')
    .values({ id, slug, name })
    .onConflict(conflict => conflict.column('slug').doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n) throw new ScanError('SERVICE_CONFLICT', `There is a team ${slug} already`);
  await audit(transaction, { team: id, principal: by, action: 'team.create', object: slug });
  return id;
}

export const listTeams = (transaction: AnyTransaction) =>
  transaction.selectFrom('team').select(['id', 'slug', 'name', 'queue_quota', 'created_at']).orderBy('slug').execute();

export interface NewApiKey {
  name: string;
  role: TeamRole;
  expiresAt: Date;
}

export interface MadeKey {
  id: string;
  text: Secret;
}

/** A program of the team with a key of its own. The text of the key is in the answer and nowhere else. */
export function createTeamKey(
  transaction: TeamTransaction,
  key: NewApiKey,
  by: Caller & { kind: 'team' },
): Promise<MadeKey> {
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

async function insertKey(
  transaction: AnyTransaction,
  { name, role, team, expiresAt }: AnyKey,
  by: string | null,
): Promise<MadeKey> {
  const [principal, id] = [makeId(), makeId()];
  const { text, publicId, hash } = makeKey();
  const platform_role = isTeamRole(role) ? null : role;
  await transaction.insertInto('principal').values({ id: principal, name, kind: 'program', platform_role }).execute();
  if (isTeamRole(role)) await transaction.insertInto('membership').values({ principal_id: principal, role }).execute();
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
      expires_at: expiresAt,
    })
    .execute();
  const detail = { name, role, expires: expiresAt.toISOString() };
  await audit(transaction, { team, principal: by, action: 'key.create', object: publicId, detail });
  return { id, text };
}

export const listKeys = (transaction: TeamTransaction) =>
  transaction
    .selectFrom('api_key')
    .select(['id', 'public_id', 'name', 'role', 'expires_at', 'revoked_at', 'last_used_at', 'created_at'])
    .orderBy('id')
    .execute();

/** From now on nobody comes in with it. Throws SERVICE_NOT_FOUND. */
export async function revokeKey(
  transaction: TeamTransaction,
  id: string,
  by: Caller & { kind: 'team' },
): Promise<void> {
  const found = await transaction
    .updateTable('api_key')
    .set({ revoked_at: new Date() })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .returning('public_id')
    .executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The team has no valid key ${id}`);
  await audit(transaction, { team: by.team, principal: by.principal, action: 'key.revoke', object: found.public_id });
}

const usedMs = 60_000;

/** Who a key belongs to. Throws SERVICE_KEY_INVALID, which says nothing of why. */
export function findCaller(store: Store, { publicId, hash }: PresentedKey): Promise<Caller> {
  return store.asPlatform(async transaction => {
    const found = await transaction
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
        'api_key.last_used_at',
        'api_key.expires_at',
        'api_key.revoked_at',
        'principal.id as principal',
        'principal.name',
        'principal.platform_role',
        'team.id as team',
        'team.slug as teamSlug',
        'membership.role as memberRole',
      ])
      .where('public_id', '=', publicId)
      .executeTakeFirst();
    const now = new Date();
    if (found === undefined || !isSameHash(found.hash, hash) || found.revoked_at !== null || found.expires_at <= now)
      throw invalidKey();
    if (found.last_used_at === null || now.getTime() - found.last_used_at.getTime() > usedMs)
      await transaction.updateTable('api_key').set({ last_used_at: now }).where('id', '=', found.id).execute();
    return toCaller(found);
  });
}

interface FoundKey {
  id: string;
  keyRole: TeamRole | PlatformRole;
  principal: string;
  name: string;
  platform_role: PlatformRole | null;
  team: string | null;
  teamSlug: string | null;
  memberRole: TeamRole | null;
}

/** What key and principal both allow. */
function toCaller({ id: keyId, keyRole, principal, name, ...of }: FoundKey): Caller {
  if (isTeamRole(keyRole)) {
    if (of.team === null || of.teamSlug === null || of.memberRole === null) throw invalidKey();
    return {
      kind: 'team',
      principal,
      name,
      team: of.team,
      teamSlug: of.teamSlug,
      role: least(keyRole, of.memberRole),
      keyId,
    };
  }
  if (of.platform_role === null) throw invalidKey();
  const role = keyRole === 'operator' && of.platform_role === 'operator' ? 'operator' : 'auditor';
  return { kind: 'platform', principal, name, role, keyId };
}

export const invalidKey = (): ScanError =>
  new ScanError('SERVICE_KEY_INVALID', 'There is no key, or it is unknown, expired or revoked');
