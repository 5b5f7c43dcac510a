// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import type { ClaimPatterns } from '../domain/claim-rule.ts';
import type { OverseerRole, TeamRole } from '../domain/roles.ts';
import { audit } from './audit-log.ts';
import type { Registrar } from './issuers.ts';
import type { AnyTransaction } from './store.ts';

export interface NewSignInRule {
  name: string;
  claims: ClaimPatterns;
  role: TeamRole | OverseerRole;
  /** null: a role of the platform. */
  team: string | null;
}

const mostRules = 200;

/** Every rule, for operators; of the team, for its administrators. */
export const listSignInRules = (transaction: AnyTransaction, { team }: Pick<Registrar, 'team'>) =>
  transaction
    .selectFrom('sign_in_rule')
    .leftJoin('team', 'team.id', 'sign_in_rule.team_id')
    .select([
      'sign_in_rule.id',
      'sign_in_rule.team_id',
      'sign_in_rule.slug',
      'sign_in_rule.claims',
      'sign_in_rule.role',
      'sign_in_rule.created_at',
      'team.slug as team',
    ])
    .$if(team !== null, query => query.where('sign_in_rule.team_id', '=', team))
    .orderBy('sign_in_rule.id')
    .execute();

export type SignInRuleRow = Awaited<ReturnType<typeof listSignInRules>>[number];

/** Throws SERVICE_CONFLICT for a name that is used, and where there are too many. */
export async function addSignInRule(
  transaction: AnyTransaction,
  { name, claims, role, team }: NewSignInRule,
  by: Registrar,
): Promise<SignInRuleRow> {
  const { n } = await transaction
    .selectFrom('sign_in_rule')
    .select(sql<number>`count(*)::int`.as('n'))
    .where('team_id', team === null ? 'is' : '=', team)
    .executeTakeFirstOrThrow();
  if (n >= mostRules) throw new ScanError('SERVICE_CONFLICT', `There are ${n} rules already, of at most ${mostRules}`);
  const id = makeId();
  const made = await transaction
    .insertInto('sign_in_rule')
    .values({ id, team_id: team, slug: name, claims: JSON.stringify(claims), role })
    .onConflict(conflict => conflict.doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n)
    throw new ScanError('SERVICE_CONFLICT', `There is a rule ${name} for people already`);
  const detail = { claims, role };
  await audit(transaction, { team, principal: by.principal, action: 'sign-in-rule.add', object: name, detail });
  const found = (await listSignInRules(transaction, { team })).find(each => each.id === id);
  if (found === undefined) throw new Error('a rule is not there that was just made');
  return found;
}

/** Roles that people have by it end now. Throws SERVICE_NOT_FOUND. */
export async function removeSignInRule(transaction: AnyTransaction, id: string, by: Registrar): Promise<void> {
  const gone = await transaction
    .deleteFrom('sign_in_rule')
    .where('id', '=', id)
    .$if(by.team !== null, query => query.where('team_id', '=', by.team))
    .returning(['slug', 'team_id'])
    .executeTakeFirst();
  if (gone === undefined) throw new ScanError('SERVICE_NOT_FOUND', `There is no rule ${id} for people`);
  await audit(transaction, {
    team: gone.team_id,
    principal: by.principal,
    action: 'sign-in-rule.remove',
    object: gone.slug,
  });
}
