// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { v7 as makeId } from 'uuid';
import type { KeyScope } from '../domain/key-scope.ts';
import type { OverseerRole, TeamRole } from '../domain/roles.ts';
import { audit } from './audit-log.ts';
import type { AnyTransaction, PlatformTransaction } from './store.ts';

/** Who calls, for which team or for the platform. */
export type Caller =
  | {
      kind: 'team';
      principal: string;
      name: string;
      team: string;
      teamSlug: string;
      role: TeamRole;
      /** What the key is for; null: all that the team has. */
      scope: KeyScope | null;
    }
  | { kind: 'platform'; principal: string; name: string; role: OverseerRole }
  | { kind: 'runner'; principal: string; name: string; regions: string[] };

export type TeamCaller = Caller & { kind: 'team' };

/** What a pod presents that runs one attempt of one scan: first its ticket, then the key that it got for it. */
export interface AttemptCaller {
  kind: 'ticket' | 'attempt';
  scan: string;
  attempt: number;
}

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

/** Throws SERVICE_NOT_FOUND. */
export async function idOfTeam(transaction: AnyTransaction, slug: string): Promise<string> {
  const found = await transaction.selectFrom('team').select('id').where('slug', '=', slug).executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `There is no team ${slug}`);
  return found.id;
}

export const listTeams = (transaction: AnyTransaction) =>
  transaction.selectFrom('team').select(['id', 'slug', 'name', 'queue_quota', 'created_at']).orderBy('slug').execute();
