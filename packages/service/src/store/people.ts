// SPDX-License-Identifier: Apache-2.0
// People: what they are follows from the rules that took their claims when they signed in last.
import { ScanError } from '@cinc-scan/core';
import { type ClaimPatterns, type Claims, requireOwner, takesClaims } from '../domain/claim-rule.ts';
import { allows, allowsOnPlatform, isTeamRole, type OverseerRole, type TeamRole } from '../domain/roles.ts';
import { audit } from './audit-log.ts';
import { principalOf } from './identities.ts';
import { listSignInRules, type SignInRuleRow } from './sign-in-rules.ts';
import { type AnyTransaction, actFor, type PlatformTransaction, type TeamTransaction } from './store.ts';

/** Whom the provider has vouched for. */
export interface Person {
  provider: string;
  subject: string;
  name: string;
  claims: Claims;
}

interface Given<Role> {
  role: Role;
  rule: string;
}

interface Roles {
  platform: Given<OverseerRole> | undefined;
  teams: Map<string, Given<TeamRole>>;
}

/** Gives a person the roles that the rules say now, and no other. Throws SERVICE_FORBIDDEN for one who would have none. */
export async function admitPerson(transaction: PlatformTransaction, person: Person): Promise<string> {
  const { provider, subject, name } = person;
  const roles = rolesOf(person, await listSignInRules(transaction, { team: null }));
  if (roles.platform === undefined && roles.teams.size === 0)
    throw new ScanError('SERVICE_FORBIDDEN', `No rule gives ${name} a role here`, {
      remedy: 'Ask an administrator of your team for a rule that takes what the provider says of you.',
    });
  const source = `sign-in:${provider}`;
  const principal = await principalOf(transaction, { source, subject, name, kind: 'person' });
  await transaction.updateTable('principal').set({ name }).where('id', '=', principal).execute();
  await giveRoles(transaction, principal, roles);
  const detail = { provider, subject, name };
  await audit(transaction, { team: null, principal, action: 'session.start', object: principal, detail });
  return principal;
}

/** Of several rules the one that allows most. */
function rolesOf({ provider, claims }: Person, rules: SignInRuleRow[]): Roles {
  const roles: Roles = { platform: undefined, teams: new Map() };
  for (const rule of rules)
    if (isOwned(rule.claims, provider) && takesClaims(rule.claims, claims)) addRole(roles, rule);
  return roles;
}

function addRole(roles: Roles, { id: rule, team_id: team, role }: SignInRuleRow): void {
  if (team !== null && isTeamRole(role)) {
    const before = roles.teams.get(team);
    if (before === undefined || allows(role, before.role)) roles.teams.set(team, { role, rule });
  } else if (team === null && !isTeamRole(role)) {
    const before = roles.platform;
    if (before === undefined || allowsOnPlatform(role, before.role)) roles.platform = { role, rule };
  }
}

/** The provider may have changed since the rule was made. */
function isOwned(claims: ClaimPatterns, provider: string): boolean {
  try {
    requireOwner(claims, provider);
    return true;
  } catch {
    return false;
  }
}

async function giveRoles(transaction: PlatformTransaction, principal: string, { platform, teams }: Roles) {
  await transaction.deleteFrom('platform_membership').where('principal_id', '=', principal).execute();
  await transaction.deleteFrom('membership').where('principal_id', '=', principal).execute();
  if (platform !== undefined)
    await transaction
      .insertInto('platform_membership')
      .values({ principal_id: principal, role: platform.role, rule_id: platform.rule })
      .execute();
  for (const [team, { role, rule }] of teams) {
    await actFor(transaction, team);
    await transaction.insertInto('membership').values({ principal_id: principal, role, rule_id: rule }).execute();
  }
}

export const listMembers = (transaction: TeamTransaction) =>
  transaction
    .selectFrom('membership')
    .innerJoin('principal', 'principal.id', 'membership.principal_id')
    .select(['principal.id', 'principal.name', 'principal.kind', 'membership.role'])
    .orderBy('principal.kind')
    .orderBy('principal.name')
    .orderBy('principal.id')
    .execute();

export const listPeople = (transaction: AnyTransaction) =>
  transaction
    .selectFrom('principal')
    .leftJoin('platform_membership', 'platform_membership.principal_id', 'principal.id')
    .select(['principal.id', 'principal.name', 'platform_membership.role'])
    .select(eb =>
      eb
        .selectFrom('session')
        .select(({ fn }) => fn.max('seen_at').as('seen'))
        .whereRef('session.principal_id', '=', 'principal.id')
        .as('seen'),
    )
    .where('principal.kind', '=', 'person')
    .orderBy('principal.name')
    .orderBy('principal.id')
    .execute();
