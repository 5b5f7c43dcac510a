// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Archive, writeArchives } from './archive.ts';
import { runTool } from './command.ts';
import { type ImageStore, openImageStore } from './store.ts';

const name = 'cinc-scan.test/distroless-nonroot:1';
let folder: string;
let store: ImageStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-test-'));
  store = await openImageStore();
  await store.ensure([name]);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(): Promise<Archive> {
  const [archive] = await writeArchives(store, [name], folder);
  if (archive === undefined) throw new Error('no archive');
  return archive;
}

test('an archive has the layout of `docker save`: name, command, user and the digest of its one layer', async () => {
  const { path } = await write();
  await runTool('tar', ['-xf', path, '-C', folder]);
  const read = async (file: string) => readFile(join(folder, file));
  expect(JSON.parse(String(await read('manifest.json')))).toEqual([
    { Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] },
  ]);
  const digest = createHash('sha256')
    .update(await read('layer.tar'))
    .digest('hex');
  expect(JSON.parse(String(await read('config.json')))).toMatchObject({
    os: 'linux',
    config: { User: '65532:65532', Cmd: store.config(name)?.command },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  });
});

test('an unchanged image is not written again, and what it was before goes', async () => {
  const { path } = await write();
  const before = await stat(path);
  const old = path.replace(/-[0-9a-f]{16}\.tar$/, '-0123456789abcdef.tar');
  await writeFile(old, '');
  const again = await write();
  expect(again.path).toBe(path);
  expect((await stat(path)).ino).toBe(before.ino);
  expect((await readdir(folder)).filter(file => file.startsWith('cinc-scan.test'))).toEqual([path.split('/').at(-1)]);
});
