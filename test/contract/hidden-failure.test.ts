// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'cst-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = {
  rootDir: folder,
  testEnvironment: join(root, 'test/support/environment.ts'),
  transform: {},
  testMatch: ['<rootDir>/*.test.js'],
};

/** Exit code of jest over a suite of this text, in our environment, and what it printed. */
function ran(name: string, text: string) {
  writeFileSync(join(folder, `${name}.test.js`), text);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--ci', '--runInBand', '--config', JSON.stringify(settings), `/${name}.test.js$`];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, stderr };
}

test.each([
  ['before', "beforeAll(() => { throw new Error('no cluster'); }); test.todo('a');"],
  ['after', "afterAll(() => { throw new Error('no cluster'); }); test.todo('a');"],
  ['within', "describe('a', () => { beforeAll(() => { throw new Error('no cluster'); }); test.todo('a'); });"],
])('a suite whose hook fails is a failed one, though all its tests are named only: %s', (name, text) => {
  expect(ran(name, text)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/no cluster[\s\S]*Test Suites: 1 failed/),
  });
});

test('a suite of todos passes', () => {
  expect(ran('fine', "beforeAll(() => 1); test.todo('a');")).toMatchObject({ status: 0 });
});
