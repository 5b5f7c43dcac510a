// SPDX-License-Identifier: Apache-2.0
import { requireMigrated } from '../store/migrate.ts';
import type { Check } from './check.ts';

export const checkSchema: Check = {
  name: 'schema',
  async examine({ kysely }) {
    await requireMigrated(kysely);
    return [{ kind: 'fine', said: 'the database has the layout of this version' }];
  },
};
