// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openObject, openStore } from '@cinc-scan/core';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/command.ts';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const text = (content: string) => Buffer.from(content);
const isNew = { condition: { kind: 'new' } } as const;
const at = (version: string) => ({ condition: { kind: 'version', version } }) as const;
const here = () => ({ workspace: folder.path, environment: {} });
const open = (address = 'kept') => openStore(address, here()).store;

test.each(['kept', 'file:kept', 'file://FOLDER/kept'])('a folder named %s puts, gets and lists', async address => {
  const store = open(address.replace('FOLDER', folder.path));
  expect(await store.get('x/one.json')).toBeUndefined();
  expect(await store.list('x/')).toEqual([]);
  const first = await store.put('x/one.json', text('1'), isNew);
  expect(await store.put('x/one.json', text('2'), isNew)).toEqual({ kind: 'conflict' });
  expect(await store.put('x/one.json', text('2'), at('another'))).toEqual({ kind: 'conflict' });
  const version = first.kind === 'stored' ? first.version : '';
  expect((await store.put('x/one.json', text('3'), at(version))).kind).toBe('stored');
  await store.put('y/two.json', text('2'), isNew);
  expect(await store.list('x/')).toEqual(['x/one.json']);
  expect((await store.get('x/one.json'))?.bytes.toString()).toBe('3');
  expect(readdirSync(join(folder.path, 'kept/x'))).toEqual(['one.json']);
});

test('what is private is for its owner alone', async () => {
  await open().put('raw/web/x.json', text('1'), { ...isNew, isPrivate: true });
  await open().put('findings.json', text('1'), isNew);
  const mode = (name: string) => (statSync(join(folder.path, 'kept', name)).mode & 0o777).toString(8);
  expect([mode('raw/web'), mode('raw/web/x.json'), mode('findings.json')]).toEqual(['700', '600', '644']);
});

test('of two processes that count at once none loses a step', async () => {
  const script = `
    import { openStore } from ${JSON.stringify(new URL('../../packages/core/src/index.ts', import.meta.url).href)};
    const { store } = openStore('kept', { workspace: ${JSON.stringify(folder.path)}, environment: {} });
    for (let done = 0; done < 15; ) {
      const there = await store.get('count');
      const condition = there === undefined ? { kind: 'new' } : { kind: 'version', version: there.version };
      const next = Number(there?.bytes.toString() ?? 0) + 1;
      if ((await store.put('count', Buffer.from(String(next)), { condition })).kind === 'stored') done++;
    }`;
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const children = [1, 2].map(() => spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }));
  expect(await Promise.all(children.map(async child => (await once(child, 'exit'))[0] as number))).toEqual([0, 0]);
  expect(readFileSync(join(folder.path, 'kept/count'), 'utf8')).toBe('30');
  expect(readdirSync(join(folder.path, 'kept'))).toEqual(['count']);
});

test('a lock that a killed run has left holds up nobody', async () => {
  const store = open();
  await store.put('s', text('1'), isNew);
  const lock = join(folder.path, 'kept/.s.lock');
  mkdirSync(lock);
  writeFileSync(join(lock, 'of-somebody'), '');
  utimesSync(lock, 0, 0);
  expect((await store.put('t', text('1'), isNew)).kind).toBe('stored');
  const there = await store.get('s');
  expect((await store.put('s', text('2'), at(there?.version ?? ''))).kind).toBe('stored');
  expect(readdirSync(join(folder.path, 'kept')).toSorted()).toEqual(['s', 't']);
});

test('what is compared is what lies there when it is the own turn', async () => {
  const store = open();
  const first = await store.put('s', text('1'), isNew);
  const lock = join(folder.path, 'kept/.s.lock');
  mkdirSync(lock);
  writeFileSync(join(lock, 'of-another-run'), '');
  const put = store.put('s', text('2'), at(first.kind === 'stored' ? first.version : ''));
  while (!readdirSync(join(folder.path, 'kept')).some(name => name.endsWith('.tmp'))) await setImmediate();
  for (const name of ['t', 'u']) await store.put(name, text('1'), isNew); // it would be through by now
  writeFileSync(join(folder.path, 'kept/s'), 'of another run');
  rmSync(lock, { recursive: true });
  expect(await put).toEqual({ kind: 'conflict' });
  expect(readFileSync(join(folder.path, 'kept/s'), 'utf8')).toBe('of another run');
});

test('a link in a store leads nowhere, and one that takes its place is not followed', async () => {
  mkdirSync(join(folder.path, 'kept'));
  mkdirSync(join(folder.path, 'elsewhere'));
  symlinkSync('../elsewhere', join(folder.path, 'kept/scope'));
  await expect(open().put('scope/x', text('1'), isNew)).rejects.toMatchObject({
    code: 'STORE_FAILED',
    message: expect.stringContaining('through a link'),
  });
  symlinkSync('/tmp', join(folder.path, 'out'));
  await expect(open('out/kept').put('x', text('1'), isNew)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(readdirSync(join(folder.path, 'elsewhere'))).toEqual([]);
});

test.each(['../x', 'a/../../x', '/etc/x', '.x', 'a\u0000b', ''])('the name %j is none', async name => {
  await expect(open().get(name)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await expect(open().put(name, text('1'), isNew)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(readdirSync(folder.path)).toEqual([]);
});

test('a file that the user names may have any name, and nothing else in its folder', async () => {
  const { store, name } = openObject('.my state.json', here());
  expect((await store.put(name, text('1'), isNew)).kind).toBe('stored');
  expect(readFileSync(join(folder.path, '.my state.json'), 'utf8')).toBe('1');
  await expect(store.get('.other state.json')).rejects.toMatchObject({ code: 'STORE_FAILED' });
});
