// SPDX-License-Identifier: Apache-2.0
// What a key is for, within its team: without a part it is for all that the team has.
import * as z from 'zod';
import { apiTypes } from './api-types.ts';
import { namespaceName, slug } from './ids.ts';

const names = (of: z.ZodType<string>, what: string) => z.array(of).min(1).max(100).optional().describe(what);

export const keyScope = z
  .strictObject({
    clusters: names(slug, 'Scans in these clusters only'),
    namespaces: names(namespaceName, 'Scans in these namespaces only'),
    profiles: names(slug, 'Scans with these profiles only'),
  })
  .register(apiTypes, { id: 'KeyScope' });

export type KeyScope = z.infer<typeof keyScope>;

/** Nothing where no part limits it. */
export const toScope = (given: KeyScope | undefined): KeyScope | null =>
  given === undefined || Object.values(given).every(part => part === undefined) ? null : given;
