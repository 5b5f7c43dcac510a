// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findRuby } from './find-ruby.ts';

let folder = '';
let programs = '';
let cache = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cinc-scan-ruby-'));
  [programs, cache] = [join(folder, 'bin'), join(folder, 'not', 'yet', 'there')];
  mkdirSync(programs);
  path = `${join(folder, 'none')}:${programs}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A real Ruby of its own. */
function installRuby(): string {
  const file = join(programs, 'ruby');
  copyFileSync(execFileSync('sh', ['-c', 'readlink -f "$(command -v ruby)"'], { encoding: 'utf8' }).trim(), file);
  return file;
}

/** As version managers put them in front of the real ones. */
function installScript(signature: string): void {
  writeFileSync(join(programs, 'ruby'), `#!/bin/sh\nprintf %s '${signature}'\n`);
  chmodSync(join(programs, 'ruby'), 0o755);
}

const keptFiles = () => (existsSync(cache) ? readdirSync(cache) : []);

test('asks a Ruby what it is, and not again while it is the same file', async () => {
  const ruby = installRuby();
  const { signature } = await findRuby(path, cache);
  expect(signature).toMatch(/^ruby \d+\.\d+\.\d+.* \[\S+\]$/);
  const [kept = '', ...more] = keptFiles();
  expect(more).toEqual([]);
  writeFileSync(join(cache, kept), 'ruby 9.9.9 (kept) [x]');
  expect(await findRuby(path, cache)).toEqual({ command: 'ruby', signature: 'ruby 9.9.9 (kept) [x]' });
  utimesSync(ruby, 1, 1); // as after an upgrade
  expect(await findRuby(path, cache)).toEqual({ command: 'ruby', signature });
});

test('asks a script each time: it may start another Ruby', async () => {
  for (const signature of ['ruby 3.2.1p1 [x86_64-linux]', 'ruby 3.3.1p1 [x86_64-linux]']) {
    installScript(signature);
    expect(await findRuby(path, cache)).toEqual({ command: 'ruby', signature });
  }
  expect(keptFiles()).toEqual([]);
});

test('asks where what was kept is damaged, and keeps the answer', async () => {
  installRuby();
  const { signature } = await findRuby(path, cache);
  const kept = join(cache, keptFiles()[0] ?? '');
  for (const damaged of ['', signature.slice(0, 9)]) {
    writeFileSync(kept, damaged);
    expect(await findRuby(path, cache)).toEqual({ command: 'ruby', signature });
    expect(readFileSync(kept, 'utf8')).toBe(signature);
  }
});

test('asks a program that is called ruby and is another each time', async () => {
  renameSync(installRuby(), join(programs, 'manager'));
  symlinkSync('manager', join(programs, 'ruby'));
  expect((await findRuby(path, cache)).signature).toMatch(/^ruby /);
  expect(keptFiles()).toEqual([]);
});

test('asks where it cannot keep the answer', async () => {
  installRuby();
  writeFileSync(join(folder, 'not'), 'a file in the way');
  expect((await findRuby(path, cache)).signature).toMatch(/^ruby /);
});

test.each([
  ['none', () => undefined, /No usable Ruby: /],
  ['one that is too old', () => installScript('ruby 2.7.8 [x86_64-linux]'), /found ruby 2\.7\.8 .*need Ruby 3\.1/],
  ['one that is no Ruby', () => installScript('what?'), /found what\?/],
])('refuses %s', async (_name, install, message) => {
  install();
  await expect(findRuby(path, cache)).rejects.toMatchObject({
    code: 'ENGINE_MISSING',
    message: expect.stringMatching(message),
  });
  expect(keptFiles()).toEqual([]);
});
