// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** Names of teams, clusters, profiles and thresholds, as they stand in addresses. */
export const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected up to 63 lower-case letters, digits and hyphens');

export const uuid = z.uuid();

/** Of a profile: a semantic version, as its metadata have one. */
export const version = z
  .string()
  .max(64)
  .regex(/^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$/, 'expected a version such as 1.2.3');

export const namespaceName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a namespace');
