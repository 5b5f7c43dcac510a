// SPDX-License-Identifier: Apache-2.0
// Which people are what: by the claims that the provider makes of them when they sign in.
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { claimPatterns } from './claim-rule.ts';
import { slug } from './ids.ts';
import { platformRoles, teamRoles } from './roles.ts';

export const newSignInRule = z
  .strictObject({ name: slug, claims: claimPatterns, role: z.enum(teamRoles) })
  .register(apiTypes, { id: 'NewSignInRule' });

const ofPlatform = z
  .strictObject({ name: slug, claims: claimPatterns, role: z.enum(platformRoles) })
  .register(apiTypes, { id: 'NewPlatformSignInRule' });

const forTeam = z
  .strictObject({ name: slug, claims: claimPatterns, team: slug, role: z.enum(teamRoles) })
  .register(apiTypes, { id: 'NewSignInRuleForTeam' });

export const newPlatformSignInRule = z.union([ofPlatform, forTeam]);
