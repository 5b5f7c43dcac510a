// SPDX-License-Identifier: Apache-2.0
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { ActionUse } from '../support/action.ts';
import { builtDist, filesOf, installAction } from '../support/built-action.ts';
import { profiles, root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster, type TestCluster } from '../support/cluster.ts';
import { serverOf } from '../support/kubeconfig.ts';

const built = builtDist();
const folder = mkdtempSync(join(tmpdir(), 'cst-bundle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('dist/', () => {
  test('has the files that a fresh build has, and no others', () => {
    expect(filesOf('.', join(root, 'dist'))).toEqual(filesOf('.', built));
  });

  test.each(filesOf('.', built))('%s is byte for byte what a fresh build gives', path => {
    expect(readFileSync(join(root, 'dist', path)).equals(readFileSync(join(built, path)))).toBe(true);
  });

  test('is small: what every run loads below 3 MB, the artifact client below 2.5 MB', () => {
    const bytes = (name: string) => statSync(join(built, name)).size;
    expect(bytes('main.js') + bytes('post.js') + bytes('action.js')).toBeLessThan(3_000_000);
    expect(bytes('artifact.js')).toBeLessThan(2_500_000);
  });

  test('names no folder of the machine that built it', () => {
    for (const path of filesOf('.', built)) expect(readFileSync(join(built, path), 'utf8')).not.toContain(root);
  });

  test('brings the licences of what it holds', () => {
    const text = readFileSync(join(built, 'licenses.txt'), 'utf8');
    for (const name of ['@actions/core', 'https-proxy-agent', 'zod', 'ws', 'js-yaml', '@azure/storage-blob'])
      expect(text).toContain(`${name}\n\n`);
  });
});

describe('the entry points', () => {
  const run = (path: string) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve => {
      const child = execFile(process.execPath, [path], { env: {} }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
    });

  test('say that they are there before they load anything: main.js without the rest still does', async () => {
    const alone = join(folder, 'alone');
    mkdirSync(alone);
    for (const name of ['main.js', 'package.json']) cpSync(join(built, name), join(alone, name));
    const { code, stdout, stderr } = await run(join(alone, 'main.js'));
    expect(stdout).toBe('cinc-scan: loading\n');
    expect(stderr).toContain('action.js');
    expect(code).toBe(1);
  });

  test('post.js loads nothing where nothing is left', async () => {
    const alone = join(folder, 'post');
    mkdirSync(alone);
    for (const name of ['post.js', 'package.json']) cpSync(join(built, name), join(alone, name));
    expect(await run(join(alone, 'post.js'))).toMatchObject({ code: 0, stderr: '' });
  });

  test('are those that action.yml names', () => {
    const { runs } = load(readFileSync(join(root, 'action.yml'), 'utf8')) as { runs: Record<string, string> };
    expect(runs).toEqual({ using: 'node24', main: 'dist/main.js', post: 'dist/post.js', 'post-if': 'always()' });
  });
});

describe('with everything present', () => {
  let cluster: TestCluster;
  let namespace = '';
  beforeAll(async () => {
    cluster = await openTestCluster();
    namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  });
  afterAll(() => cluster.close());

  embeddedTest(
    'a run and its post step connect to the cluster and to nothing else, nor do their children',
    async () => {
      const place = installAction(cluster.folder);
      const inputs = { profile: profiles.firstLook, namespace, targets: 'web' };
      const trace = join(folder, 'trace');
      const action = new ActionUse(cluster, place, {
        inputs,
        tracer: ['strace', '-f', '-qq', '-A', '-e', 'trace=connect', '-o', trace],
      });
      expect((await action.main()).code).toBe(0);
      expect((await action.post()).code).toBe(0);
      const lines = readFileSync(trace, 'utf8')
        .split('\n')
        .filter(line => line.includes('sa_family=AF_INET'));
      const { port } = serverOf(cluster.kubeconfig);
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.filter(line => !line.includes(`htons(${port})`))).toEqual([]);
    },
  );
});

test('the checkout is not dirtied by a build', () => {
  const status = execFileSync('git', ['status', '--porcelain', '--', 'build'], { cwd: root }).toString();
  expect(status).toBe('');
  expect(readdirSync(join(root, 'build'))).toContain('action-builds');
});
