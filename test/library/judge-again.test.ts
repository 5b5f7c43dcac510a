// SPDX-License-Identifier: Apache-2.0
// The example as its reader runs it: copied as it is, beside the package that `npm pack` makes of core.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cacheHome } from '../support/caches.ts';
import { cincScan, profiles, readScanJson, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { scratchLeft } from '../support/refusal.ts';

const run = promisify(execFile);
const node = join(root, 'node_modules/.bin/node'); // reads TypeScript
const cluster = await openTestCluster();
const reader = join(cluster.folder, 'reader');
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian-defects' } });
  mkdirSync(reader);
  await installCore();
  cpSync(join(root, 'examples/library/judge-again.ts'), join(reader, 'judge-again.ts'));
  writeFileSync(join(reader, 'package.json'), '{ "type": "module" }\n');
});
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

/** Packed in a copy of the sources, since packing writes beside them; what it depends on is here already. */
async function installCore(): Promise<void> {
  const sources = join(cluster.folder, 'sources');
  for (const name of ['package.json', 'tsconfig.base.json', 'LICENSE', 'packages/core', 'packages/engine'])
    cpSync(join(root, name), join(sources, name), {
      recursive: true,
      filter: source => !/\/(?:node_modules|fixtures)$|\/core\/lib$|\.tsbuildinfo$/.test(source),
    });
  symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
  const core = join(sources, 'packages/core');
  await run('npm', ['pack', '--silent', '--pack-destination', sources], { cwd: core });
  const [tarball = ''] = readdirSync(sources).filter(name => name.endsWith('.tgz'));
  const place = join(reader, 'node_modules/@cinc-scan/core');
  mkdirSync(place, { recursive: true });
  await run('tar', ['-xzf', join(sources, tarball), '-C', place, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { dependencies: object };
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(reader, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(reader, 'node_modules', name));
  }
}

/** Writes the request of a scan, and runs the example with it. */
async function judgeAgain(threshold: string): Promise<string> {
  const args = ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, '--threshold', threshold, '--print-request'];
  writeFileSync(join(reader, 'request.json'), (await cincScan(cluster, args)).stdout);
  const env = { PATH: process.env['PATH'], HOME: cluster.folder, TMPDIR: cluster.folder, XDG_CACHE_HOME: cacheHome };
  const told = await run(node, ['judge-again.ts', 'request.json'], {
    cwd: reader,
    env: { ...env, KUBECONFIG: cluster.kubeconfigPath },
  });
  expect(told.stderr).toBe('');
  return told.stdout;
}

test('a request runs twice, and its results fail the third threshold that neither run had', async () => {
  expect(await judgeAgain('0')).toBe('first: pass\nsecond: pass\nagain: fail\n');
  for (const folder of ['first', 'second'])
    expect(readScanJson({ cwd: reader }, folder)).toMatchObject({
      state: 'finished',
      exitCode: 0,
      targets: [{ name: `${namespace}/web/app`, outcome: 'audited' }],
    });
});

test('a request whose own threshold is not met says so twice', async () => {
  expect(await judgeAgain('100')).toBe('first: fail\nsecond: fail\nagain: fail\n');
});
