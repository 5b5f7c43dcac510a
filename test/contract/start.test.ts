// SPDX-License-Identifier: Apache-2.0
// What the command reads at each start, before it does anything: what nobody uses costs every scan its time.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const command = fileURLToPath(new URL('../../packages/cli/', import.meta.url));

test('it does not load the client for fetch() and WebSocket that Node.js has', () => {
  const tell = `process.on('exit', () => process.stderr.write(process.moduleLoadList.join('\\n')))`;
  const preload = `data:text/javascript,${encodeURIComponent(tell)}`;
  const args = ['--import', preload, join(command, 'bin/cinc-scan.js'), 'scan', '--help'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stdout).toContain('Usage: cinc-scan scan');
  expect(stderr).toContain('NativeModule https');
  expect(stderr.split('\n').filter(name => name.includes('undici'))).toEqual([]);
});

test('it has no languages of zod but the one that it speaks', () => {
  const folder = join(command, 'dist');
  const text = readdirSync(folder)
    .filter(name => name.endsWith('.js'))
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const languages = [...text.matchAll(/^\/\/ node_modules\/zod\/v4\/locales\/([\w-]+)\.js$/gm)].map(([, name]) => name);
  expect(languages).toEqual(['en']);
});
