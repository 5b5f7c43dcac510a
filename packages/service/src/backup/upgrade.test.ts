// SPDX-License-Identifier: Apache-2.0
// What the first release left is what every later one has to take.

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Leases } from '../queue/leases.ts';
import { verifyChain } from '../store/audit-log.ts';
import { knownMigrations, readMigrations } from '../store/migrate.ts';
import type { TeamCaller } from '../store/teams.ts';
import { type Answers, answersOf } from '../testing/answers.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { openTestStore } from '../testing/stores.ts';
import { askFor, callerOf, submit } from '../testing/world.ts';

import { restore } from './restore.ts';

const fixture = join(import.meta.dirname, '../../fixtures/first-layout.backup');
const keys = {
  shop: 'cs_b5z2nuca_pqcfemrian2adwr5uruazzj3qnsbmeg3',
  bank: 'cs_cgd3sbf3_sxeej4wq5cpyfllxf7gleoitrmulyn4b',
  operator: 'cs_zpxuylit_danom2iimvzzk2hbgcuundpld47wf64b',
};

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

interface Scan {
  state: string;
  verdict: string | null;
  ask: { targets: string[] };
}

const said = (answers: Answers, question: string): string =>
  (answers[question] as { text: string } | undefined)?.text ?? `nothing to ${question}`;

const scansIn = (answers: Answers, team: string): string[] =>
  (JSON.parse(said(answers, `${team} /scans`)) as { items: Scan[] }).items
    .map(({ state, verdict, ask }) => [ask.targets.join(), state, verdict].join(' '))
    .toSorted();

test.each([['embedded'], ['server']])('a service of the first release goes on with all it had, %s', async kind => {
  await using parts = await openTestStore(kind === 'server' ? postgres : undefined, async ({ database, blobs }) => {
    await restore({ kysely: database.kysely, blobs }, createReadStream(fixture));
    expect(await readMigrations(database.kysely)).toEqual(knownMigrations);
  });
  const answers = await answersOf(parts, { keys });
  expect(scansIn(answers, 'shop')).toEqual([
    'pod/cancelled cancelled ',
    'pod/passed done pass',
    'pod/queued queued ',
    'pod/refused failed ',
    'pod/running running ',
  ]);
  expect(scansIn(answers, 'bank')).toEqual(['pod/failed done fail']);
  const pages = Object.keys(answers).filter(question => question.includes('format=html'));
  expect(pages.map(question => said(answers, question))).toEqual(['<!doctype html><title>ä</title>\n']);
  expect(JSON.parse(said(answers, 'shop /me'))).toMatchObject({ name: 'admin of shop', role: 'admin', team: 'shop' });
  expect((await parts.store.asPlatform(verifyChain)).broken).toEqual([]);
  const leases = new Leases(parts);
  for (const { id } of await parts.store.asPlatform(each => each.selectFrom('cluster').select('id').execute()))
    await parts.queue.addCluster(id);
  expect(await leases.adopt()).toBe(2);
  const shop = (await callerOf(parts, keys.shop)) as TeamCaller;
  expect(await submit(parts, shop, askFor('pod/later'))).toMatchObject({ kind: 'new' });
});
