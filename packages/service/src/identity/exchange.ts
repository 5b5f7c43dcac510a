// SPDX-License-Identifier: Apache-2.0
// A token of a CI system or a cluster becomes a key of a team, for a while.
import { isScanError, ScanError } from '@cinc-scan/core';
import { takesClaims } from '../domain/claim-rule.ts';
import { type ReadToken, readToken, refuseToken } from '../domain/token.ts';
import { audit } from '../store/audit-log.ts';
import { principalOf } from '../store/identities.ts';
import { type Registration, registrationsOf } from '../store/issuers.ts';
import { insertKeyOf, type MadeKey } from '../store/keys.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';
import type { IssuerKeys } from './issuer-keys.ts';

export interface ExchangeParts {
  store: Store;
  issuers: IssuerKeys;
}

type Rule = Registration['rules'][number];

export interface Exchanged extends MadeKey {
  rule: Rule;
  issuer: string;
  expiresAt: Date;
}

/**
 * Throws SERVICE_TOKEN_REFUSED, and SERVICE_UNAVAILABLE where nobody can say whether the token is good. What a stranger
 * hears depends on the token alone until a registered issuer has signed it, and never tells of teams.
 */
export async function exchangeToken(
  { store, issuers }: ExchangeParts,
  asked: { token: string; team: string | undefined },
): Promise<Exchanged> {
  const token = readToken(asked.token, new Date());
  const registered = await store.asPlatform(transaction => registrationsOf(transaction, token.issuer));
  const trusted = requireAudience(token, await requireSigned(token, registered, issuers));
  const { registration, rule } = chooseRule(token, trusted, asked.team);
  return store.forTeam(rule.team_id, transaction => issueKey(transaction, { token, registration, rule }));
}

async function requireSigned(
  token: ReadToken,
  registered: Registration[],
  issuers: IssuerKeys,
): Promise<Registration[]> {
  const signed: Registration[] = [];
  let unasked: ScanError | undefined;
  for (const registration of registered)
    try {
      if (await issuers.hasSigned(token, registration)) signed.push(registration);
    } catch (error) {
      if (!isScanError(error)) throw error;
      unasked = error;
    }
  if (signed.length > 0) return signed;
  if (unasked !== undefined)
    throw new ScanError('SERVICE_UNAVAILABLE', 'The issuer of the token cannot be asked for its keys now', {
      cause: unasked,
    });
  throw new ScanError('SERVICE_TOKEN_REFUSED', 'No issuer that is registered here vouches for the token', {
    cause: new Error(
      registered.length === 0
        ? `the issuer ${token.issuer} is not registered`
        : `no key of ${token.issuer} has signed it`,
    ),
  });
}

/** A token for several could be sent here by any of the others. */
function requireAudience({ claims }: ReadToken, signed: Registration[]): Registration[] {
  const audiences: unknown[] = [claims['aud']].flat();
  const meant = signed.filter(({ audience }) => audiences.length === 1 && audiences[0] === audience);
  if (meant.length > 0) return meant;
  throw refuseToken('The token is for another audience than its issuer is registered with here, or for several');
}

function chooseRule(token: ReadToken, trusted: Registration[], team: string | undefined) {
  const taking = trusted
    .flatMap(registration => registration.rules.map(rule => ({ registration, rule })))
    .filter(({ rule }) => takesClaims(rule.claims, token.claims) && (team === undefined || rule.team === team));
  const teams = [...new Set(taking.map(({ rule }) => rule.team))];
  if (teams.length > 1)
    throw new ScanError('INPUT_INVALID', `team: the token is let into several, name one of ${teams.join(', ')}`);
  const [first] = taking;
  if (first !== undefined) return first;
  throw refuseToken(`No rule takes the claims of the token, whose subject is "${token.subject}"`);
}

interface Issuing {
  token: ReadToken;
  registration: Registration;
  rule: Rule;
}

async function issueKey(transaction: PlatformTransaction, { token, registration, rule }: Issuing): Promise<Exchanged> {
  const expiresAt = new Date(Date.now() + rule.minutes * 60_000);
  const principal = await principalOf(transaction, {
    source: `issuer:${registration.id}`,
    subject: token.subject,
    name: `${registration.slug}: ${token.subject}`,
    kind: 'program',
  });
  const name = `${registration.slug}/${rule.slug}`;
  const { role, scope, team_id: team } = rule;
  const key = { name, role, scope, team, expiresAt, rule: rule.id };
  const made = await insertKeyOf(transaction, principal, key);
  await audit(transaction, {
    team,
    principal,
    action: 'key.exchange',
    object: made.publicId,
    detail: { rule: name, issuer: token.issuer, expires: expiresAt.toISOString(), claims: tellingClaims(token, rule) },
  });
  return { ...made, rule, issuer: registration.slug, expiresAt };
}

const mostTold = 500;

/** Those that the rule asks for, and what names the job: who reads the log has to find it. */
function tellingClaims({ claims }: ReadToken, rule: Rule): Record<string, string> {
  const names = new Set(['sub', 'jti', ...Object.keys(rule.claims)]);
  return Object.fromEntries(
    [...names].flatMap(name =>
      Object.hasOwn(claims, name) ? [[name, String(claims[name]).slice(0, mostTold)] as const] : [],
    ),
  );
}
