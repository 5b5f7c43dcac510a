// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, test } from '@jest/globals';
import { digestOf } from '../blobs/checked-stream.ts';
import { keepReports } from './run-reports.ts';

const root = mkdtempSync(join(tmpdir(), 'cst-reports-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const folder = join(root, 'run');
mkdirSync(join(folder, 'a'), { recursive: true });
const at = (name: string) => join(folder, name);

const kept: string[] = [];
const keep = async (content: AsyncIterable<Uint8Array>) => {
  const bytes = await buffer(content);
  kept.push(bytes.toString());
  return { digest: digestOf(bytes), bytes: bytes.length };
};

test('reports of a run are kept with their names, kinds and digests', async () => {
  writeFileSync(at('scan.json'), '{}');
  writeFileSync(at('a/b.json'), '');
  expect(
    await keepReports(
      folder,
      [
        { file: './scan.json', kind: 'scan' },
        { file: 'a/b.json', kind: 'hdf' },
      ],
      { keep },
    ),
  ).toEqual([
    { file: 'scan.json', kind: 'scan', blob: digestOf(Buffer.from('{}')), bytes: 2 },
    { file: 'a/b.json', kind: 'hdf', blob: digestOf(Buffer.from('')), bytes: 0 },
  ]);
});

test.each<[what: string, file: string, make: () => void]>([
  ['outside', '../secret', () => writeFileSync(join(root, 'secret'), 'secret')],
  ['outside, by its whole path', join(root, 'secret'), () => undefined],
  ['behind a link', 'link', () => symlinkSync(join(root, 'secret'), at('link'))],
  ['behind a link within', 'inner', () => symlinkSync('scan.json', at('inner'))],
  ['below a link', 'up/secret', () => symlinkSync('..', at('up'))],
  ['a folder', 'a', () => undefined],
  ['a pipe that nobody writes into', 'pipe', () => execFileSync('mkfifo', [at('pipe')])],
  ['not there', 'gone', () => undefined],
])('a report that is %s is refused, and nothing of it is kept', async (_, file, make) => {
  make();
  await expect(keepReports(folder, [{ file, kind: 'scan' }], { keep })).rejects.toMatchObject({ code: 'SERVICE_DATA' });
  expect(kept).not.toContain('secret');
});

test('reports that are too large together are refused', async () => {
  for (const name of ['large', 'larger']) writeFileSync(at(name), Buffer.alloc(600_000));
  const left = ['large', 'larger'].map(file => ({ file, kind: 'html' }));
  await expect(keepReports(folder, left, { keep, mostBytes: 1_000_000 })).rejects.toMatchObject({
    code: 'SERVICE_DATA',
  });
});
