// SPDX-License-Identifier: Apache-2.0
// Backup, restore and the move from one database to another, by the program as it is shipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../packages/service/src/testing/postgres.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { Client, startService } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function program(args: string[], { database, input }: { database?: string; input?: Buffer } = {}) {
  const script = join(root, 'packages/service/bin/cinc-scan-service.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: folder.path, ...(database && { CINC_SCAN_DATABASE: database }) },
    ...(input && { input }),
    maxBuffer: 64 * 1_048_576,
  });
  return { status, stdout, stderr: stderr.toString() };
}

const place = () => {
  writeFileSync(at('kubeconfig'), 'apiVersion: v1\nkind: Config\n');
  return { folder: folder.path, kubeconfigPath: at('kubeconfig') };
};

const files = [
  { path: 'inspec.yml', content: 'name: base\nversion: 1.0.0\n' },
  { path: 'controls/a.rb', content: "control 'a' do\nend\n" },
];

/** What the service says to the keys of the test, which it does not remember as used. */
async function saidBy(url: string, keys: string[]): Promise<string[]> {
  const said: string[] = [];
  for (const key of keys)
    for (const path of ['/me', '/teams', '/scans', '/profiles', '/thresholds', '/clusters', '/audit'])
      said.push((await new Client(url, key).send('GET', path)).text);
  return said;
}

test('a service moves from the embedded database to a server and back, and nobody who asks it can tell', async () => {
  const first = await startService(place(), 'one');
  const operator = new Client(first.url, first.key ?? '');
  await operator.call('POST', '/clusters', { name: 'east', credential: 'east' });
  const { key } = await operator.call<{ key: string }>('POST', '/teams', { name: 'shop', title: 'Shop', days: 1 });
  const keys = [operator.key, key];
  const shop = new Client(first.url, key);
  await shop.call('POST', '/profiles', { name: 'base', version: '1.0.0', files });
  await shop.call('POST', '/thresholds', { name: 'half', content: 'compliance.min: 50\n' });
  const before = await saidBy(first.url, keys);
  expect(program(['backup', at('busy.backup'), '--data', at('one')])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('SERVICE_IN_USE'),
  });
  await first.stop();

  mkdirSync(at('backups'));
  expect(program(['backup', at('backups'), '--data', at('one')])).toMatchObject({ status: 0, stderr: '' });
  const [name = ''] = readdirSync(at('backups'));
  const file = join(at('backups'), name);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(program(['backup', file, '--data', at('one')])).toMatchObject({ status: 2 });
  expect(program(['restore', file, '--check']).stdout.toString()).toMatch(/^The backup is whole: made .*1 teams/);

  const database = await postgres.makeDatabase();
  expect(program(['restore', file, '--data', at('two')], { database })).toMatchObject({ status: 0, stderr: '' });
  expect(program(['restore', file, '--data', at('two')], { database })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('SERVICE_NOT_EMPTY'),
  });
  const second = await startService(place(), 'two', { env: { CINC_SCAN_DATABASE: database } });
  expect(second.key).toBeUndefined();
  expect(await saidBy(second.url, keys)).toEqual(before);
  await second.stop();

  const { stdout: archive, status } = program(['backup', '-', '--data', at('two')], { database });
  expect(status).toBe(0);
  expect(program(['restore', '-', '--data', at('three')], { input: archive })).toMatchObject({ status: 0, stderr: '' });
  const third = await startService(place(), 'three');
  expect(await saidBy(third.url, keys)).toEqual(before);
  await third.stop();

  const bytes = readFileSync(file).toString('latin1') + archive.toString('latin1');
  for (const secret of keys) expect(bytes).not.toContain(secret.slice(-32));
});

test('a backup that cannot be written or read is told, and leaves nothing', async () => {
  const file = at('cut.backup');
  expect(program(['backup', file, '--data', at('nowhere')])).toMatchObject({
    status: 5,
    stderr: expect.stringContaining(`There is no service in ${at('nowhere')}`),
  });
  expect(existsSync(at('nowhere'))).toBe(false);
  expect(existsSync(file)).toBe(false);
  expect(program(['backup', file], { database: await postgres.makeDatabase() })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('SERVICE_SCHEMA'),
  });
  expect(readdirSync(folder.path).filter(name => name.includes('cut'))).toEqual([]);
  writeFileSync(file, readFileSync(join(root, 'packages/service/fixtures/first-layout.backup')));
  truncateSync(file, statSync(file).size - 10);
  for (const more of [['--check'], ['--data', at('new')]])
    expect(program(['restore', file, ...more])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('BACKUP_INVALID'),
    });
  expect(program(['restore', at('missing.backup'), '--check'])).toMatchObject({ status: 2 });
});
