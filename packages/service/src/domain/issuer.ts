// SPDX-License-Identifier: Apache-2.0
// Issuers of tokens, and the rules by which their tokens become keys.
import { isClosedLine } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { claimPatterns } from './claim-rule.ts';
import { slug } from './ids.ts';
import { keyScope } from './key-scope.ts';
import { keySet } from './key-set.ts';

/** None that makes or revokes keys: what a pipeline may do ends with its key. */
export const ruleRoles = ['viewer', 'scanner', 'approver'] as const;
export type RuleRole = (typeof ruleRoles)[number];

function isIssuer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || /[?#\s]/.test(text) || url.username !== '' || url.password !== '') return false;
  return isClosedLine(url);
}

/** As it stands in the claim `iss`, letter by letter. */
const issuerUrl = z
  .string()
  .max(500)
  .refine(isIssuer, 'expected an address of https, without credentials, query and fragment');

export const newIssuer = z
  .strictObject({
    name: slug,
    url: issuerUrl.describe('The claim iss of its tokens, letter by letter'),
    audience: z
      .string()
      .regex(/^[\x21-\x7e]{1,300}$/, 'expected up to 300 visible characters')
      .describe('The claim aud of its tokens, and nothing else in it'),
    keys: keySet.optional().describe('Its public keys (JWKS), where the service cannot ask for them'),
  })
  .register(apiTypes, { id: 'NewIssuer' });

const ruleBody = {
  name: slug,
  claims: claimPatterns,
  role: z.enum(ruleRoles),
  scope: keyScope.optional(),
  minutes: z.int().min(5).max(1440).default(60).describe('How long the keys last'),
};

export const newRule = z.strictObject(ruleBody).register(apiTypes, { id: 'NewClaimRule' });

export const newPlatformRule = z
  .strictObject({ ...ruleBody, team: slug })
  .register(apiTypes, { id: 'NewPlatformClaimRule' });

export type NewIssuer = z.infer<typeof newIssuer>;
export type NewRule = z.infer<typeof newRule>;
