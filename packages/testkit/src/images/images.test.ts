// SPDX-License-Identifier: Apache-2.0

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runTool } from './command.ts';
import { plantedDefects } from './recipes/index.ts';
import { type ImageStore, openImageStore } from './store.ts';

let store: ImageStore;

beforeAll(async () => {
  store = await openImageStore();
  await store.ensure();
}, 300_000);

function inside(image: string, path: string): string {
  return join(store.rootfs(image) ?? '/not-built', path);
}

describe('the images', () => {
  test('are these', () => {
    expect(store.names().toSorted()).toEqual(
      [
        'baseline-defects',
        'baseline-nonroot',
        'baseline-nonroot-shell',
        'busybox',
        'debian',
        'debian-defects',
        'debian-tools',
        'distroless',
        'distroless-defects',
        'distroless-nonroot',
        'distroless-rpm',
        'hostile',
        'tools',
      ]
        .map(name => `cinc-scan.test/${name}:1`)
        .toSorted(),
    );
  });

  test('have a digest, a command that is in them, and the user they declare', async () => {
    for (const name of store.names()) {
      const config = store.config(name);
      expect(config?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect((await stat(inside(name, config?.command[0] ?? ''))).mode & 0o111).toBe(0o111);
      expect([name, config?.uid]).toEqual([name, name.includes('nonroot') ? 65532 : 0]);
    }
  });

  test('the distroless ones have a package database and no shell', async () => {
    for (const name of ['distroless', 'distroless-nonroot', 'distroless-defects']) {
      const image = `cinc-scan.test/${name}:1`;
      const programs = await readdir(inside(image, '/usr/bin'));
      expect(programs.filter(program => program !== 'setuid-program')).toEqual(['catatonit']);
      expect(await readdir(inside(image, '/'))).not.toContain('bin');
      expect(await readdir(inside(image, '/var/lib/dpkg/status.d'))).toContain('base-files');
      expect(await readlink(inside(image, '/etc/os-release'))).toBe('../usr/lib/os-release');
    }
  });

  test('what is not known or not built has neither files nor settings', async () => {
    const empty = await openImageStore();
    expect(empty.rootfs('cinc-scan.test/busybox:1')).toBeUndefined();
    expect(empty.config('cinc-scan.test/busybox:1')).toBeUndefined();
    await expect(empty.ensure(['cinc-scan.test/nothing:1'])).rejects.toThrow(
      /No recipe for the image "cinc-scan.test\/nothing:1"/,
    );
  });

  test('a tar holds the root file system and has the digest of the image', async () => {
    const tar = await store.tar('cinc-scan.test/distroless:1');
    expect(
      `sha256:${createHash('sha256')
        .update(await readFile(tar))
        .digest('hex')}`,
    ).toBe(store.config('cinc-scan.test/distroless:1')?.digest);
    const listing = (await runTool('tar', ['-tvf', tar])).split('\n');
    expect(listing.find(line => line.endsWith('./etc/root-only'))).toMatch(/^-rw------- 0\/0 +7 /);
  });
});

describe('building', () => {
  let cache: string;
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'cinc-scan-images-'));
  });
  afterAll(async () => rm(cache, { recursive: true }));

  async function buildInAnotherProcess(): Promise<string> {
    const script = join(import.meta.dirname, 'main.ts');
    const args = ['--conditions=source', script, 'build', 'cinc-scan.test/busybox:1'];
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    return text(child.stdout);
  }

  test('happens once when several processes ask at once, and gives the digest it always gives', async () => {
    const answers = await Promise.all([buildInAnotherProcess(), buildInAnotherProcess(), buildInAnotherProcess()]);
    const [first] = answers;
    expect(new Set(answers).size).toBe(1);
    expect(first).toContain(store.config('cinc-scan.test/busybox:1')?.digest);
    const folder = join(cache, 'cinc-scan/images/cinc-scan.test_busybox_1');
    const [built = '', ...others] = (await readdir(folder)).filter(name => name !== 'lock');
    expect(others).toEqual([]);

    const image = join(folder, built, 'image.json');
    const before = (await stat(image)).mtimeMs;
    await buildInAnotherProcess();
    expect((await stat(image)).mtimeMs).toBe(before);
  });

  test('starts over where an earlier build was killed', async () => {
    const own = join(cache, 'half');
    const half = await openImageStore(own);
    await half.ensure(['cinc-scan.test/tools:1']);
    const folder = join(half.rootfs('cinc-scan.test/tools:1') ?? '', '..');
    await runTool('mv', [folder, `${folder}.building`]);
    await writeFile(join(`${folder}.building`, 'rootfs/bin/stray'), 'from the killed build');
    const again = await openImageStore(own);
    await again.ensure(['cinc-scan.test/tools:1']);
    expect(again.config('cinc-scan.test/tools:1')).toEqual(half.config('cinc-scan.test/tools:1'));
    expect(await readdir(join(again.rootfs('cinc-scan.test/tools:1') ?? '', 'bin'))).not.toContain('stray');
  });
});

describe('every planted defect is there, and only where it was planted', () => {
  const checks: Record<string, (image: string, path: string) => Promise<boolean>> = {
    'world-writable-file': async (image, path) => ((await mode(image, path)) & 0o777) === 0o666,
    'world-writable-directory': async (image, path) => ((await mode(image, path)) & 0o1777) === 0o777,
    'second-root': async (image, path) => /^toor:x:0:0:/m.test(await content(image, path)),
    'empty-password': async (image, path) => /^guest::/m.test(await content(image, path)),
    'writable-passwd': async (image, path) => ((await mode(image, path)) & 0o777) === 0o666,
    'readable-shadow': async (image, path) => ((await mode(image, path)) & 0o004) !== 0,
    'setuid-shell': async (image, path) => ((await mode(image, path)) & 0o7777) === 0o4755,
    'setuid-program': async (image, path) => ((await mode(image, path)) & 0o7777) === 0o4755,
    'private-key': async (image, path) => /PRIVATE KEY/.test(await content(image, path)),
    'telnet-service': async (image, path) => /^telnet\s/m.test(await content(image, path)),
    'root-login': async (image, path) => /^PermitRootLogin yes/m.test(await content(image, path)),
    'open-umask': async (image, path) => /^umask 000/m.test(await content(image, path)),
    'unowned-file': async (image, path) => (await stat(inside(image, path))).uid === 4242,
    'sudo-without-password': async (image, path) => /NOPASSWD/.test(await content(image, path)),
  };

  async function mode(image: string, path: string): Promise<number> {
    return (await stat(inside(image, path))).mode;
  }

  async function content(image: string, path: string): Promise<string> {
    return readFile(inside(image, path), 'utf8');
  }

  test.each(plantedDefects.map(defect => [`${defect.image}: ${defect.what}`, defect] as const))(
    '%s',
    async (_, defect) => {
      const check = checks[defect.id];
      expect(await check?.(defect.image, defect.path)).toBe(true);
      const clean = defect.image.replace('-defects', '');
      expect(await check?.(clean, defect.path).catch(() => false)).toBe(false);
    },
  );

  test('names are unique within an image', () => {
    const names = plantedDefects.map(defect => `${defect.image} ${defect.id}`);
    expect(new Set(names).size).toBe(names.length);
  });
});
