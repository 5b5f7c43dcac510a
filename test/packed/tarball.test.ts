// SPDX-License-Identifier: Apache-2.0
// What adapters install is the one file that `npm pack` makes; it has to stand alone.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { finish } from '../adapters/support/process.ts';
import { cacheHome } from '../support/caches.ts';
import { profiles, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { readOutputs } from '../support/refusal.ts';

const run = promisify(execFile);
const cluster = await openTestCluster();
const sources = join(cluster.folder, 'sources');
const command = join(sources, 'packages/cli');
const empty = join(cluster.folder, 'empty');
const environment = {
  ...process.env,
  KUBECONFIG: cluster.kubeconfigPath,
  XDG_CACHE_HOME: cacheHome,
};
let namespace = '';
let files: string[] = [];
let tarball = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  mkdirSync(empty);
  copySources();
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', cluster.folder], {
    cwd: command,
    maxBuffer: 16 * 1024 * 1024,
  });
  const packed = parsePacked(stdout);
  files = packed.files.map(({ path }) => path);
  tarball = join(cluster.folder, packed.filename);
  await run('npm', ['install', '--no-audit', '--no-fund', '--silent', tarball], { cwd: empty });
});
afterAll(() => cluster.close());

/** Packing puts the engine beside the command for a moment: a scan that began in this checkout just then would lose it. */
function copySources(): void {
  for (const name of ['package.json', 'scripts', 'packages', 'examples/ci', 'LICENSE', 'README.md'])
    cpSync(join(root, name), join(sources, name), {
      recursive: true,
      filter: source => !/\/(?:node_modules|fixtures|test)$/.test(source),
    });
  for (const modules of ['node_modules', 'packages/cli/node_modules'])
    if (existsSync(join(root, modules))) symlinkSync(join(root, modules), join(sources, modules));
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

/** npm 11 answers with a list, later ones by package name. */
function parsePacked(text: string): Packed {
  const answer = JSON.parse(text) as Packed[] | Record<string, Packed>;
  const [packed] = Object.values(answer);
  if (packed === undefined) throw new Error(`npm pack said ${text}`);
  return packed;
}

const installed = (...args: string[]) =>
  run(process.execPath, [join(empty, 'node_modules/cinc-scan/bin/cinc-scan.js'), ...args], {
    cwd: empty,
    env: environment,
  });

test('the tarball holds the command and the engine, and no source, test or map', () => {
  for (const path of [
    'LICENSE',
    'bin/cinc-scan.js',
    'dist/cinc-scan.js',
    'dist/licenses.txt',
    'starters/starters.json',
    'starters/gitlab/.gitlab-ci.yml',
    'engine/bin/engine.rb',
    'engine/Gemfile.lock',
  ])
    expect(files).toContain(path);
  expect(files.filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
  expect(files.filter(path => /\.map$|\.test\.|tsbuildinfo|_spec\.rb$/.test(path))).toEqual([]);
});

test('the tarball holds no program that the command does not load', () => {
  const programs = files.filter(path => /^dist\/.*\.js$/.test(path)).map(path => basename(path));
  const loaded = new Set(['cinc-scan.js']);
  for (const name of loaded)
    for (const [, next = ''] of readFileSync(join(command, 'dist', name), 'utf8').matchAll(/"\.\/([\w-]+\.js)"/g))
      if (programs.includes(next)) loaded.add(next);
  expect(programs.toSorted()).toEqual([...loaded].toSorted());
});

test('packing leaves the checkout as it was', () => {
  for (const path of ['engine', 'starters', 'LICENSE', 'README.md'])
    expect(existsSync(join(command, path))).toBe(false);
});

test('installed into an empty folder it says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(command, 'package.json'), 'utf8')) as { version: string };
  expect((await installed('--version')).stdout).toBe(`${version}\n`);
});

test('installed into an empty folder it writes a starter', async () => {
  await installed('init', 'gitlab');
  expect(existsSync(join(empty, '.gitlab-ci.yml'))).toBe(true);
});

test('installed into an empty folder it scans a pod', async () => {
  await installed('scan', 'web', '-n', namespace, '-p', profiles.firstLook, '--threshold', '0');
  expect(readOutputs({ cwd: empty })).toMatchObject({ verdict: 'pass', 'exit-code': 0 });
  expect(readdirSync(join(empty, 'cinc-scan-results'))).toContain('scan.json');
  await cluster.expectNothingLeft();
});

describe('what adapters install', () => {
  const adapter = join(root, 'packages/adapters/scripts/cinc-scan.sh');
  const install = async (name: string, integrity: string) => {
    const cwd = join(cluster.folder, name);
    mkdirSync(cwd);
    const env = { ...environment, CINC_SCAN_PACKAGE: tarball, CINC_SCAN_INTEGRITY: integrity };
    const args = ['web', '-n', namespace, '-p', profiles.firstLook, '--threshold', '0'];
    const ran = await finish('sh', [adapter, ...args], { cwd, env });
    return { ...ran, cwd };
  };

  test('is the tarball of the digest that was asked for, and it scans', async () => {
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    const { code, text, cwd } = await install('right', `sha512-${digest}`);
    expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
    expect(text).toMatch(/^CINC_VERDICT=pass$/m);
    expect(existsSync(join(cwd, '.cinc-scan/bin/cinc-scan'))).toBe(true);
    await cluster.expectNothingLeft();
  });

  test('is nothing where the digest is another', async () => {
    const { code, text, cwd } = await install('wrong', 'sha512-AAAA');
    expect(code).toBe(5);
    expect(text).toMatch(/cinc-scan: the package is sha512-\S+, which is not the value of CINC_SCAN_INTEGRITY/);
    expect(existsSync(join(cwd, '.cinc-scan/bin'))).toBe(false);
    expect(existsSync(join(cwd, 'cinc-scan-results'))).toBe(false);
  });
});

test('it stands alone, and says under which licences it holds what', () => {
  expect(readdirSync(join(empty, 'node_modules')).filter(name => !name.startsWith('.'))).toEqual(['cinc-scan']);
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dependencies?: Record<string, string> }>;
  };
  const licences = readFileSync(join(command, 'dist/licenses.txt'), 'utf8').split(/^-+\n\n/m);
  const needed = Object.keys(packages['packages/core']?.dependencies ?? {});
  expect(needed).toContain('zod');
  expect(licences.map(text => text.split('\n')[0])).toEqual(expect.arrayContaining(needed));
});
