// SPDX-License-Identifier: Apache-2.0
// What `./dev kubernetes` says where there can be no node; what it does where there can is seen by `./dev test kubernetes`.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';

const program = fileURLToPath(new URL('../kubernetes/kubernetes.sh', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-kubernetes-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command in namespaces of its own, where mounts and users can be made up. */
function runAside(namespaces: string[], script: string): Promise<{ code: unknown; stderr: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: folder, PROGRAM: program };
  return new Promise(resolve => {
    execFile('unshare', [...namespaces, 'sh', '-c', script], { env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

describe('a node is refused', () => {
  const cases: [where: string, namespaces: string[], script: string, message: RegExp][] = [
    [
      'where cgroup v2 rules, and another way is named',
      ['--mount'],
      'mount -t cgroup2 none /sys/fs/cgroup && exec "$PROGRAM" up',
      /needs cgroup v1 .*CINC_SCAN_TEST_KUBECONFIG/,
    ],
    [
      'where the disk is full',
      ['--mount'],
      'mount -t tmpfs -o size=8m none "$HOME" && exec "$PROGRAM" up',
      /kubernetes has 8 MiB left; 2048 MiB are needed/,
    ],
    [
      'where there is no place to compile',
      ['--mount'],
      'mount -t tmpfs -o size=8m none "$HOME" && exec "$PROGRAM" build',
      /kubernetes has 8 MiB left; \d+ MiB are needed/,
    ],
    ['to who is not root', ['--user'], 'exec "$PROGRAM" up', /a node needs root/],
    ['to an unknown command', ['--mount'], 'exec "$PROGRAM" upp', /^$/],
    [
      'before it is up',
      ['--mount'],
      'exec "$PROGRAM" exec true',
      /no cluster is up: '\.\/dev kubernetes up' starts one/,
    ],
  ];

  test.each(cases)('%s', async (_where, namespaces, script, message) => {
    const { code, stderr } = await runAside(namespaces, script);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
