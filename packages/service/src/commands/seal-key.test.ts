// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from '@jest/globals';
import { openSealer } from './seal-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'cst-key-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the key is made once, for its user alone, and nothing else is left', () => {
  const file = join(folder, 'once', 'secret.key');
  openSealer(file);
  const text = readFileSync(file, 'utf8');
  openSealer(file);
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'once'))).toEqual(['secret.key']);
});

test('a file that is no key is refused, and kept', () => {
  const file = join(folder, 'other.key');
  writeFileSync(file, 'hello');
  expect(() => openSealer(file)).toThrow(expect.objectContaining({ code: 'SERVICE_DATA' }));
  expect(readFileSync(file, 'utf8')).toBe('hello');
});

/** Looks at the file without a pause until it is there, and says how long it was when it was first seen. */
const watcher = `
const { workerData, parentPort } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
parentPort.postMessage('looking');
for (;;) {
  try {
    parentPort.postMessage(readFileSync(workerData.file).length);
    break;
  } catch {}
}`;

test('whoever sees the key sees it whole', async () => {
  for (let round = 0; round < 30; round += 1) {
    const file = join(folder, `seen-${round}.key`);
    const worker = new Worker(watcher, { eval: true, workerData: { file } });
    const said: unknown[] = [];
    const ended = new Promise(resolve => worker.once('exit', resolve));
    await new Promise<void>(resolve => {
      worker.on('message', message => {
        said.push(message);
        resolve();
      });
    });
    openSealer(file);
    await ended;
    expect(said).toEqual(['looking', 45]);
  }
});
