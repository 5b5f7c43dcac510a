// SPDX-License-Identifier: Apache-2.0
import type { Check } from './check.ts';

/** Without an operator nobody can make one, but from here. */
export const checkOperators: Check = {
  name: 'operators',
  examine: ({ store }) =>
    store.asPlatform(async transaction => {
      const valid = await transaction
        .selectFrom('api_key')
        .innerJoin('principal', 'principal.id', 'api_key.principal_id')
        .select('expires_at')
        .where('api_key.role', '=', 'operator')
        .where('principal.platform_role', '=', 'operator')
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', new Date())
        .orderBy('expires_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      if (valid !== undefined)
        return [{ kind: 'fine', said: `there is a key of an operator until ${valid.expires_at.toISOString()}` }];
      const remedy = 'Make one with `cinc-scan-service key`.';
      return [{ kind: 'broken', said: 'no operator has a valid key', remedy }];
    }),
};
