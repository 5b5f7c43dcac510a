// SPDX-License-Identifier: Apache-2.0
// What the claims of a token have to be for it to be let in.
import { ScanError } from '@cinc-scan/core';
import * as z from 'zod';

const pattern = z
  .string()
  .min(1)
  .max(300)
  .regex(/^\P{Cc}+$/u, 'expected no control characters')
  .regex(/[^*]/, 'expected more than an asterisk: leave the claim out where any value will do');

/** Every claim that is named has to have one of the values. */
export const claimPatterns = z
  .record(z.string().min(1).max(200), z.union([pattern, z.array(pattern).min(1).max(50)]))
  .refine(claims => Object.keys(claims).length <= 20, 'expected at most 20 claims')
  .refine(claims => Object.keys(claims).length > 0, 'expected at least one claim')
  .describe('Values of claims; * stands for a part of a path (without / and :), ** for any characters');

export type ClaimPatterns = z.infer<typeof claimPatterns>;

export type Claims = Readonly<Record<string, unknown>>;

export const takesClaims = (patterns: ClaimPatterns, claims: Claims): boolean =>
  Object.entries(patterns).every(([name, wanted]) => {
    const values = valuesOf(Object.hasOwn(claims, name) ? claims[name] : undefined);
    return [wanted].flat().some(each => values.some(value => matchesPattern(each, value)));
  });

/** Of a list one value is enough, as for groups. What has parts of its own matches nothing. */
function valuesOf(claim: unknown): string[] {
  const list: unknown[] = Array.isArray(claim) ? claim : [claim];
  return list.flatMap(value => (['string', 'number', 'boolean'].includes(typeof value) ? [String(value)] : []));
}

/** In time that grows with the product of the lengths, whatever both are. */
export function matchesPattern(wanted: string, value: string): boolean {
  // reached[n]: what has been read of the pattern takes the first n characters.
  let reached = Array.from({ length: value.length + 1 }, (_, n) => n === 0);
  for (const [token] of wanted.matchAll(/\*\*|[^]/g)) {
    const next = Array.from({ length: value.length + 1 }, () => false);
    for (let n = 0; n <= value.length; n += 1) next[n] = isReached(token, n, { reached, next, value });
    reached = next;
  }
  return reached[value.length] === true;
}

interface Matching {
  reached: boolean[];
  next: boolean[];
  value: string;
}

function isReached(token: string, n: number, { reached, next, value }: Matching): boolean {
  const before = value[n - 1];
  if (token === '**') return reached[n] === true || next[n - 1] === true;
  if (token === '*') return reached[n] === true || (next[n - 1] === true && before !== '/' && before !== ':');
  return reached[n - 1] === true && before === token;
}

const whole = /^[^*]+$/;

/** Everybody can have tokens of these: a rule has to say whose. The first part of the value has to be there in letters. */
const shared: Record<string, Record<string, RegExp>> = {
  // https://docs.github.com/en/actions/reference/security/oidc
  'token.actions.githubusercontent.com': {
    sub: /^repo:[^*/]+\//,
    repository: /^[^*/]+\//,
    repository_id: whole,
    repository_owner: whole,
    repository_owner_id: whole,
  },
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/
  'gitlab.com': {
    sub: /^project_path:[^*/]+\//,
    project_path: /^[^*/]+\//,
    project_id: whole,
    namespace_path: /^[^*/]+(?:\/|$)/,
    namespace_id: whole,
  },
  // https://buildkite.com/docs/agent/v3/cli-oidc
  'agent.buildkite.com': { sub: /^organization:[^*:]+:/, organization_slug: whole, organization_id: whole },
  // https://developers.google.com/identity/openid-connect/openid-connect
  'accounts.google.com': { sub: whole, email: whole, hd: whole },
};

/** Throws INPUT_INVALID for a rule that lets in whoever has a token of the issuer, where that is anybody. */
export function requireOwner(patterns: ClaimPatterns, issuer: string): void {
  const owners = shared[new URL(issuer).hostname];
  if (owners === undefined) return;
  const isOwned = Object.entries(owners).some(([name, begins]) => {
    const wanted = Object.hasOwn(patterns, name) ? patterns[name] : undefined;
    return wanted !== undefined && [wanted].flat().every(each => begins.test(each));
  });
  if (isOwned) return;
  throw new ScanError(
    'INPUT_INVALID',
    `claims: anybody has tokens of ${issuer}, and the rule does not say whose are meant`,
    { remedy: `Name the owner in one of ${Object.keys(owners).join(', ')}, without an asterisk before its end.` },
  );
}
