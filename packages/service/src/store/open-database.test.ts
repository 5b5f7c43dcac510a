// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase } from './open-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'cst-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A number that a database gets when it is initialized. */
async function initialized(name: string): Promise<string | undefined> {
  await using database = await openDatabase({ kind: 'folder', folder: join(folder, name) });
  const { rows } = await sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`.execute(
    database.kysely,
  );
  return rows[0]?.id;
}

test('a new database is a copy of one that was initialized before, and is made under another name', async () => {
  mkdirSync(join(folder, 'one/database.draft'), { recursive: true });
  writeFileSync(join(folder, 'one/database.draft/PG_VERSION'), 'left by a start that was killed');
  const first = await initialized('one');
  expect(first).toMatch(/^\d+$/);
  expect(await initialized('two')).toBe(first);
  expect(readdirSync(join(folder, 'one'))).toEqual(['database']);
});
