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

/** Runs a command in a namespace of its own, where mounts or users can be made up. */
function runAside(namespace: string, script: string): Promise<{ code: unknown; stderr: string }> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: folder, PROGRAM: program };
  return new Promise(resolve => {
    execFile('unshare', [namespace, 'sh', '-c', script], { env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

interface Case {
  where: string;
  namespace: '--mount' | '--user';
  script: string;
  message: RegExp;
}

const cases: Case[] = [
  {
    where: 'where cgroup v2 rules, and another way is named',
    namespace: '--mount',
    script: 'mount -t cgroup2 none /sys/fs/cgroup && exec "$PROGRAM" up',
    message: /needs cgroup v1 .*CINC_SCAN_TEST_KUBECONFIG/,
  },
  {
    where: 'where the disk is full',
    namespace: '--mount',
    script: 'mount -t tmpfs -o size=8m none "$HOME" && exec "$PROGRAM" up',
    message: /kubernetes has 8 MiB left; 2048 MiB are needed/,
  },
  {
    where: 'where there is no room to compile',
    namespace: '--mount',
    script: 'mount -t tmpfs -o size=8m none "$HOME" && exec "$PROGRAM" build',
    message: /kubernetes has 8 MiB left; \d+ MiB are needed/,
  },
  { where: 'to who is not root', namespace: '--user', script: 'exec "$PROGRAM" up', message: /a node needs root/ },
  { where: 'to a command that there is not', namespace: '--mount', script: 'exec "$PROGRAM" upp', message: /^$/ },
  {
    where: 'to commands in it before it is up',
    namespace: '--mount',
    script: 'exec "$PROGRAM" exec true',
    message: /no cluster is up: '\.\/dev kubernetes up' starts one/,
  },
];

describe('a node is refused', () => {
  test.each(cases)('$where', async ({ namespace, script, message }) => {
    const { code, stderr } = await runAside(namespace, script);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
  });
});
