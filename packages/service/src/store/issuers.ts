// SPDX-License-Identifier: Apache-2.0
// Issuers of tokens and the rules for their claims: of the platform, or of one team and known to it alone.
import { ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { requireOwner } from '../domain/claim-rule.ts';
import type { NewIssuer, NewRule } from '../domain/issuer.ts';
import { toScope } from '../domain/key-scope.ts';
import { audit } from './audit-log.ts';
import type { AnyTransaction, PlatformTransaction } from './store.ts';

/** Who registers: an administrator for the team, or an operator for the platform. */
export interface Registrar {
  principal: string;
  /** null: the platform. */
  team: string | null;
}

const [mostIssuers, mostRules] = [20, 200];

const issuerColumns = [
  'issuer.id',
  'issuer.team_id',
  'issuer.slug',
  'issuer.url',
  'issuer.audience',
  'issuer.jwks',
  'issuer.created_at',
] as const;

/** Of the platform, and of the team where one asks. */
const usableBy = (transaction: AnyTransaction, { team }: Registrar) =>
  transaction
    .selectFrom('issuer')
    .select(issuerColumns)
    .where(eb => eb.or([eb('team_id', 'is', null), ...(team === null ? [] : [eb('team_id', '=', team)])]));

export const listIssuers = (transaction: AnyTransaction, by: Registrar) =>
  usableBy(transaction, by).orderBy('slug').orderBy('id').execute();

export type IssuerRow = Awaited<ReturnType<typeof listIssuers>>[number];

/** Throws SERVICE_NOT_FOUND. */
export async function getIssuer(transaction: AnyTransaction, id: string, by: Registrar): Promise<IssuerRow> {
  const found = await usableBy(transaction, by).where('id', '=', id).executeTakeFirst();
  if (found === undefined) throw noIssuer(id);
  return found;
}

const noIssuer = (id: string) => new ScanError('SERVICE_NOT_FOUND', `There is no issuer ${id}`);

const ownedBy = ({ team }: Registrar) =>
  team === null ? sql<boolean>`team_id is null` : sql<boolean>`team_id = ${team}`;

/** Throws SERVICE_CONFLICT for a name that is used, and where there are too many. */
export async function registerIssuer(
  transaction: AnyTransaction,
  { name, url, audience, keys }: NewIssuer,
  by: Registrar,
): Promise<IssuerRow> {
  await requireRoom(transaction, { table: 'issuer', most: mostIssuers, where: ownedBy(by) });
  const jwks = keys === undefined ? null : JSON.stringify(keys);
  const made = await transaction
    .insertInto('issuer')
    .values({ id: makeId(), team_id: by.team, slug: name, url, audience, jwks })
    .onConflict(conflict => conflict.doNothing())
    .returning(issuerColumns)
    .executeTakeFirst();
  if (made === undefined) throw new ScanError('SERVICE_CONFLICT', `There is an issuer ${name} already`);
  const detail = { url, audience, keys: keys === undefined ? 'asked for' : 'given' };
  await audit(transaction, { ...by, action: 'issuer.register', object: name, detail });
  return made;
}

/** Its rules go with it, and the keys that came from them. Throws SERVICE_NOT_FOUND. */
export async function removeIssuer(transaction: AnyTransaction, id: string, by: Registrar): Promise<void> {
  const gone = await transaction
    .deleteFrom('issuer')
    .where('id', '=', id)
    .where(ownedBy(by))
    .returning('slug')
    .executeTakeFirst();
  if (gone === undefined) throw noIssuer(id);
  await audit(transaction, { ...by, action: 'issuer.remove', object: gone.slug });
}

const ruleColumns = [
  'claim_rule.id',
  'claim_rule.slug',
  'claim_rule.claims',
  'claim_rule.role',
  'claim_rule.scope',
  'claim_rule.minutes',
  'claim_rule.created_at',
  'team.slug as team',
] as const;

const rulesOf = (transaction: AnyTransaction, { team }: Registrar) =>
  transaction
    .selectFrom('claim_rule')
    .innerJoin('team', 'team.id', 'claim_rule.team_id')
    .select(ruleColumns)
    .$if(team !== null, query => query.where('claim_rule.team_id', '=', team ?? ''))
    .orderBy('claim_rule.id');

/** In the order in which they are tried. Throws SERVICE_NOT_FOUND. */
export async function listRules(transaction: AnyTransaction, issuer: string, by: Registrar) {
  await getIssuer(transaction, issuer, by);
  return rulesOf(transaction, by).where('issuer_id', '=', issuer).execute();
}

export type RuleRow = Awaited<ReturnType<typeof listRules>>[number];

/** Throws SERVICE_NOT_FOUND, SERVICE_CONFLICT, INPUT_INVALID for claims that anybody has. */
export async function addRule(
  transaction: AnyTransaction,
  { issuer, team, ...rule }: NewRule & { issuer: string; team: string },
  by: Registrar,
): Promise<RuleRow> {
  const { url, slug } = await getIssuer(transaction, issuer, by);
  requireOwner(rule.claims, url);
  const ofTeam = sql<boolean>`issuer_id = ${issuer} and team_id = ${team}`;
  await requireRoom(transaction, { table: 'claim_rule', most: mostRules, where: ofTeam });
  const { name, claims, role, minutes } = rule;
  const scope = toScope(rule.scope);
  const made = await transaction
    .insertInto('claim_rule')
    .values({
      id: makeId(),
      issuer_id: issuer,
      team_id: team,
      slug: name,
      claims: JSON.stringify(claims),
      role,
      scope: scope && JSON.stringify(scope),
      minutes,
    })
    .onConflict(conflict => conflict.columns(['issuer_id', 'team_id', 'slug']).doNothing())
    .returning('id')
    .executeTakeFirst();
  if (made === undefined) throw new ScanError('SERVICE_CONFLICT', `There is a rule ${name} already`);
  const detail = { claims, role, minutes, ...(scope !== null && { scope }) };
  await audit(transaction, {
    team,
    principal: by.principal,
    action: 'rule.add',
    object: `${slug}/${name}`,
    detail,
  });
  return rulesOf(transaction, by).where('claim_rule.id', '=', made.id).executeTakeFirstOrThrow();
}

/** The keys that came from it go with it. Throws SERVICE_NOT_FOUND. */
export async function removeRule(
  transaction: AnyTransaction,
  { issuer, rule }: { issuer: string; rule: string },
  by: Registrar,
): Promise<void> {
  const { slug } = await getIssuer(transaction, issuer, by);
  const gone = await transaction
    .deleteFrom('claim_rule')
    .where('id', '=', rule)
    .where('issuer_id', '=', issuer)
    .$if(by.team !== null, query => query.where('team_id', '=', by.team ?? ''))
    .returning(['slug', 'team_id'])
    .executeTakeFirst();
  if (gone === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The issuer has no rule ${rule}`);
  await audit(transaction, {
    team: gone.team_id,
    principal: by.principal,
    action: 'rule.remove',
    object: `${slug}/${gone.slug}`,
  });
}

interface Room {
  table: 'issuer' | 'claim_rule';
  most: number;
  where: ReturnType<typeof ownedBy>;
}

async function requireRoom(transaction: AnyTransaction, { table, most, where }: Room): Promise<void> {
  const { n } = await transaction
    .selectFrom(table)
    .select(sql<number>`count(*)::int`.as('n'))
    .where(where)
    .executeTakeFirstOrThrow();
  if (n < most) return;
  const remedy = 'Remove one that is not needed any more.';
  throw new ScanError('SERVICE_CONFLICT', `There are ${n} already, of at most ${most}`, { remedy });
}

/** Every registration of an issuer, whoever made it, with its rules in the order in which they are tried. */
export async function registrationsOf(transaction: PlatformTransaction, url: string) {
  const issuers = await transaction
    .selectFrom('issuer')
    .select(issuerColumns)
    .where('url', '=', url)
    .orderBy('id')
    .execute();
  if (issuers.length === 0) return [];
  const rules = await transaction
    .selectFrom('claim_rule')
    .innerJoin('team', 'team.id', 'claim_rule.team_id')
    .select([...ruleColumns, 'claim_rule.issuer_id', 'claim_rule.team_id'])
    .where(
      'issuer_id',
      'in',
      issuers.map(({ id }) => id),
    )
    .orderBy('claim_rule.id')
    .execute();
  return issuers.map(issuer => ({ ...issuer, rules: rules.filter(({ issuer_id }) => issuer_id === issuer.id) }));
}

export type Registration = Awaited<ReturnType<typeof registrationsOf>>[number];
