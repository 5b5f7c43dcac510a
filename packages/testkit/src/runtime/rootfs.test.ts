// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runTool } from '../images/command.ts';
import { makeRootfs, removeTree } from './rootfs.ts';

let place: string;
let image: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'cinc-scan-rootfs-'));
  image = join(place, 'image');
  await mkdir(join(image, 'etc'), { recursive: true });
  await writeFile(join(image, 'etc/passwd'), 'root\n');
  await chmod(join(image, 'etc/passwd'), 0o4600);
  await symlink('/etc/passwd', join(image, 'link'));
});

afterEach(async () => removeTree(place));

async function mountedBelow(folder: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.filter(line => line.includes(` ${folder}/`));
}

async function expectOwnCopy(root: string): Promise<void> {
  expect(await readFile(join(root, 'etc/passwd'), 'utf8')).toBe('root\n');
  expect((await stat(join(root, 'etc/passwd'))).mode & 0o7777).toBe(0o4600);
  await writeFile(join(root, 'etc/passwd'), 'changed\n');
  expect(await readFile(join(image, 'etc/passwd'), 'utf8')).toBe('root\n');
}

test('a container gets a layer over the image, and removing it unmounts it', async () => {
  const folder = join(place, 'container');
  const root = await makeRootfs(folder, image);
  expect(await mountedBelow(folder)).toHaveLength(1);
  await expectOwnCopy(root);
  await removeTree(folder);
  expect(await mountedBelow(folder)).toEqual([]);
  expect(await readFile(join(image, 'etc/passwd'), 'utf8')).toBe('root\n');
});

test('where no layer can be mounted, as inside another layer, it gets a copy', async () => {
  const [outer, upper, work] = [join(place, 'outer'), join(place, 'upper'), join(place, 'work')];
  await Promise.all([outer, upper, work].map(async path => mkdir(path)));
  await runTool('mount', [
    '-t',
    'overlay',
    'overlay',
    '-o',
    `lowerdir=${image},upperdir=${upper},workdir=${work}`,
    outer,
  ]);
  const folder = join(outer, 'container');
  const root = await makeRootfs(folder, image);
  expect(await mountedBelow(folder)).toEqual([]);
  await expectOwnCopy(root);
});
