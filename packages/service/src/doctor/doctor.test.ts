// SPDX-License-Identifier: Apache-2.0
import { isScanError, ScanError } from '@cinc-scan/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { CheckFinding } from '../domain/question.ts';
import { audit, verifyChain } from '../store/audit-log.ts';
import { type AnyTransaction, Store } from '../store/store.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore, type TestStore } from '../testing/stores.ts';
import { makeWorld, type World } from '../testing/world.ts';
import type { AskCluster } from './check.ts';
import { examine, exitOf } from './doctor.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

describe.each([['embedded'], ['server']])('the doctor, %s', kind => {
  let parts: TestStore;
  let world: World;
  beforeAll(async () => {
    parts = await openTestStore(kind === 'server' ? postgres : undefined);
    world = await makeWorld(parts);
  });
  afterAll(async () => {
    await parts[Symbol.asyncDispose]();
  });

  let findings: CheckFinding[] | ScanError = [];
  const askCluster: AskCluster = async () => {
    if (isScanError(findings)) throw findings;
    return findings;
  };
  beforeEach(() => {
    findings = [{ check: 'server', namespace: null, state: 'fine', said: 'it answers', remedy: null }];
  });

  const diagnose = async (anchor?: string) => {
    const { kysely } = parts.database;
    const found = await examine({ store: new Store(kysely), kysely, anchor, askCluster });
    const told = found.map(({ check, examined }) =>
      examined.kind === 'unchecked'
        ? `unchecked ${check}: ${examined.error.code}`
        : `${examined.kind} ${check}: ${examined.said}`,
    );
    return { exit: exitOf(found), told: told.join('\n') };
  };
  const anchorNow = async () => {
    const { head } = await parts.store.asPlatform(verifyChain);
    return `${head?.n}:${head?.hash}`;
  };
  /** As somebody who can write into the database; taken back afterwards. */
  const after = async (change: (transaction: AnyTransaction) => Promise<unknown>, anchor?: string) => {
    const { kysely } = parts.database;
    const undo = new Error('undo');
    let said: Awaited<ReturnType<typeof diagnose>> | undefined;
    const changed = kysely.transaction().execute(async transaction => {
      await change(transaction);
      const inside = { asPlatform: (work: (of: AnyTransaction) => unknown) => work(transaction) };
      const found = await examine({ store: inside as never, kysely: transaction, anchor, askCluster });
      said = {
        exit: exitOf(found),
        told: found
          .map(
            ({ check, examined }) =>
              `${examined.kind} ${check}: ${'said' in examined ? examined.said : examined.error.code}`,
          )
          .join('\n'),
      };
      throw undo;
    });
    await expect(changed).rejects.toBe(undo);
    return said;
  };
  const run = (text: string) => (transaction: AnyTransaction) => sql.raw(text).execute(transaction);

  test('finds nothing where nothing is wrong, and tells where the log ends', async () => {
    const { exit, told } = await diagnose(await anchorNow());
    expect(exit).toBe(0);
    expect(told.split('\n')).toEqual([
      'fine schema: the database has the layout of this version',
      expect.stringMatching(/^fine audit log: \d+ entries are whole, up to \d+:[0-9a-f]{64}$/),
      expect.stringMatching(/^fine operators: there is a key of an operator until 20/),
      'fine clusters: east: server: it answers',
    ]);
  });

  const third = "update audit_entry set object = 'other' where n = 3";
  const hashed = `update audit_entry set hash = sha256(previous || convert_to(jsonb_build_array(extract(epoch from at)::text,
    team_id, principal_id, action, object, detail)::text, 'UTF8')) where n = 3`;

  test.each([
    ['that was changed', [third], /entry 3 of 20\S+Z, .*: it was changed after/],
    [
      'whose moment was changed',
      ["update audit_entry set at = at + interval '1 us' where n = 3"],
      /entry 3 .* changed/,
    ],
    ['whose team was changed', ['update audit_entry set team_id = null where n = 5'], /entry 5 .*it was changed/],
    ['that was changed together with its hash', [third, hashed], /entry 4 .* does not follow the entry before it/],
    ['that was taken out', ['delete from audit_entry where n = 3'], /entry 4 .* does not follow/],
    ['that was the first', ['delete from audit_entry where n = 1'], /entry 2 .* does not follow/],
    [
      'for which the functions of the database were changed, too',
      [
        third,
        "create or replace function audit_hash(previous bytea, at timestamptz, team uuid, principal uuid, action text, object text, detail jsonb) returns bytea language sql immutable as $$ select ''::bytea $$",
      ],
      /entry 3 .* changed/,
    ],
  ])('names an entry of the audit log %s', async (_, changes, said) => {
    const found = await after(async transaction => {
      for (const change of changes) await run(change)(transaction);
    });
    expect(found?.exit).toBe(5);
    expect(found?.told).toMatch(said);
    expect(found?.told.match(/broken audit log/g)).toHaveLength(1);
  });

  test('notices entries that were taken off the end by what was the last one', async () => {
    const anchor = await anchorNow();
    await parts.store.asPlatform(transaction =>
      audit(transaction, { team: null, principal: null, action: 'test', object: 'later' }),
    );
    expect(await diagnose(anchor)).toMatchObject({ exit: 0 });
    const [n] = anchor.split(':');
    const cut = await after(run(`delete from audit_entry where n >= ${n}`), anchor);
    expect(cut).toMatchObject({ exit: 5, told: expect.stringContaining(`entry ${n} is not there any more`) });
    expect(await after(run('truncate audit_entry'))).toMatchObject({
      exit: 5,
      told: expect.stringMatching(/broken audit log: it is empty/),
    });
    expect(await diagnose('7:x')).toMatchObject({ exit: 2, told: expect.stringMatching(/INPUT_INVALID/) });
  });

  test('tells of each cluster what its credential is good for, or that nobody could look', async () => {
    findings = [
      { check: 'server', namespace: null, state: 'fine', said: 'it answers', remedy: null },
      { check: 'rights', namespace: 'shop', state: 'broken', said: 'may not: create roles', remedy: 'r' },
      { check: 'rights', namespace: 'till', state: 'noticed', said: 'may more', remedy: 'r' },
    ];
    const broken = await diagnose();
    expect(broken.exit).toBe(5);
    expect(broken.told).toContain('broken clusters: east: rights in namespace shop: may not: create roles');
    expect(broken.told).toContain('noticed clusters: east: rights in namespace till: may more');
    findings = findings.filter(({ state }) => state !== 'broken');
    expect((await diagnose()).exit).toBe(0);
    findings = new ScanError('CLUSTER_UNASKED', 'east: its runner is elsewhere');
    expect(await diagnose()).toMatchObject({
      exit: 4,
      told: expect.stringContaining('unchecked clusters: CLUSTER_UNASKED'),
    });
  });

  test('says that nobody can operate it', async () => {
    const found = await after(run("update api_key set revoked_at = now() where role = 'operator'"));
    expect(found).toMatchObject({ exit: 5, told: expect.stringMatching(/broken operators: no operator has/) });
  });

  test('calls what it cannot look at neither fine nor broken, and looks at the rest', async () => {
    const later = await after(run("insert into kysely_migration (name, timestamp) values ('9999-later', 'now')"));
    expect(later?.exit).toBe(2);
    expect(later?.told).toMatch(/^unchecked schema: SERVICE_SCHEMA\nfine audit log: .*\nfine operators: /);
    expect(world.operator).toMatchObject({ role: 'operator' });
  });
});
