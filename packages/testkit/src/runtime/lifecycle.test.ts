// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CannotStart, ImageMissing } from './runtime.ts';
import { type Bench, openBench, openPod, sh, startContainer, type Wishes } from './testing/pod.ts';

let bench: Bench;
let podUid: string;

beforeAll(async () => {
  bench = await openBench('cinc-scan.test/busybox:1', 'cinc-scan.test/debian:1', 'cinc-scan.test/distroless-nonroot:1');
  podUid = await openPod(bench.runtime);
});

afterAll(async () => bench.runtime[Symbol.asyncDispose]());

describe('the start of a container', () => {
  test("runs the image's own command when the pod names none", async () => {
    const container = await startContainer(bench.runtime, podUid);
    const command = await readFile(`/proc/${container.pid}/cmdline`, 'utf8');
    expect(command).toBe('/usr/bin/catatonit\0-P\0');
    await container.stop(0);
  });

  test('appends arguments to the command of the pod', async () => {
    const container = await startContainer(bench.runtime, podUid, { command: ['sh', '-c'], args: ['exit 7'] });
    expect(await container.ended).toEqual({ exitCode: 7, signal: undefined, oomKilled: false });
  });

  test('shows the id in the cgroup path of every process, below the pod', async () => {
    const container = await startContainer(bench.runtime, podUid);
    const cgroup = await readFile(`/proc/${container.pid}/cgroup`, 'utf8');
    expect(cgroup).toContain(`/kubepods/besteffort/pod${podUid}/${container.id}\n`);
    await container.stop(0);
  });

  test('gives environment, working directory, host name and the files of the pod', async () => {
    const wishes = { env: { GREETING: 'hello\nworld' }, workingDir: '/tmp' };
    const container = await startContainer(bench.runtime, podUid, wishes);
    const seen = await sh(
      bench.runtime,
      container.id,
      'echo "$GREETING"; pwd; hostname; cat /etc/hostname; echo $PATH',
    );
    expect(seen.split('\n')).toEqual([
      'hello',
      'world',
      '/tmp',
      'web-0',
      'web-0',
      '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
    await container.stop(0);
  });

  test('starts a Debian whose shell and package database are real', async () => {
    const container = await startContainer(bench.runtime, podUid, { image: 'cinc-scan.test/debian:1' });
    const seen = await sh(
      bench.runtime,
      container.id,
      'readlink /bin/sh; . /etc/os-release; echo $ID $VERSION_ID; dpkg -s libc6 | grep Status',
    );
    expect(seen).toBe('dash\ndebian 12\nStatus: install ok installed');
    await container.stop(0);
  });

  test('mounts a volume read-only or writable', async () => {
    const mounts = [
      { hostPath: bench.stateDir, mountPath: '/volume/ro', readOnly: true },
      { hostPath: bench.stateDir, mountPath: '/volume/rw', readOnly: false },
    ];
    const container = await startContainer(bench.runtime, podUid, { mounts });
    const seen = await sh(
      bench.runtime,
      container.id,
      'touch /volume/ro/x; touch /volume/rw/x && ls /volume/ro/x; rm /volume/rw/x',
    );
    expect(seen).toContain('/volume/ro/x\n');
    expect(seen).toContain('touch: /volume/ro/x: Read-only file system');
    await container.stop(0);
  });

  test('keeps standard input open when asked to, so that a shell without a command waits', async () => {
    const waiting = await startContainer(bench.runtime, podUid, { command: ['sh'], stdin: true });
    const ending = await startContainer(bench.runtime, podUid, { command: ['sh'] });
    expect((await ending.ended).exitCode).toBe(0);
    expect(await sh(bench.runtime, waiting.id, 'cat /proc/1/comm')).toBe('sh');
    await waiting.stop(0);
  });

  test("refuses a command that is not there in the runtime's words", async () => {
    const starting = startContainer(bench.runtime, podUid, { command: ['/no/such'] });
    await expect(starting).rejects.toThrow(
      new CannotStart(
        'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ' +
          'unable to start container process: exec: "/no/such": stat /no/such: no such file or directory',
      ),
    );
  });

  test('refuses an image that nobody built', async () => {
    await expect(startContainer(bench.runtime, podUid, { image: 'cinc-scan.test/nothing:1' })).rejects.toThrow(
      ImageMissing,
    );
  });

  test('refuses a pod that was never started', async () => {
    await expect(startContainer(bench.runtime, 'a8b7ddc8-0000-4000-8000-000000000000')).rejects.toThrow(CannotStart);
  });
});

describe('users', () => {
  const nonroot = 'cinc-scan.test/distroless-nonroot:1';
  const cases: [string, Wishes, string][] = [
    ["the image's user", { image: nonroot }, '65532 65532 65532 65532 | 65532 65532 65532 65532 | 65532'],
    [
      "the pod's uid, with the group of that account",
      { security: { uid: 65534 } },
      '65534 65534 65534 65534 | 65534 65534 65534 65534 | 65534',
    ],
    ['an unknown uid, with group 0', { security: { uid: 1000 } }, '1000 1000 1000 1000 | 0 0 0 0 | 0'],
    [
      'uid, gid and more groups',
      { security: { uid: 1000, gid: 2000, supplementalGroups: [3000] } },
      '1000 1000 1000 1000 | 2000 2000 2000 2000 | 2000 3000',
    ],
  ];
  test.each(cases)('run as %s', async (_, wishes, expected) => {
    const container = await startContainer(bench.runtime, podUid, wishes);
    const status = await readFile(`/proc/${container.pid}/status`, 'utf8');
    const field = (name: string): string =>
      (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '').trim().replaceAll('\t', ' ');
    expect(`${field('Uid')} | ${field('Gid')} | ${field('Groups')}`).toBe(expected);
    await container.stop(0);
  });
});

describe('the end of a container', () => {
  test('SIGTERM is enough for a program that listens to it', async () => {
    const script = 'trap "exit 4" TERM; touch /tmp/ready; while :; do sleep 0.01; done';
    const container = await startContainer(bench.runtime, podUid, { command: ['sh', '-c', script] });
    await sh(bench.runtime, container.id, 'until [ -e /tmp/ready ]; do :; done');
    await container.stop(30);
    expect(await container.ended).toEqual({ exitCode: 4, signal: undefined, oomKilled: false });
  });

  test('a first process that ignores SIGTERM is killed after the grace period', async () => {
    const container = await startContainer(bench.runtime, podUid, { command: ['sleep', '1000'] });
    await container.stop(0.2);
    expect(await container.ended).toEqual({ exitCode: 137, signal: 9, oomKilled: false });
  });

  test('a first process killed by a signal reports 128 and its number', async () => {
    const container = await startContainer(bench.runtime, podUid, { command: ['sleep', '1000'] });
    process.kill(container.pid, 'SIGKILL');
    expect(await container.ended).toEqual({ exitCode: 137, signal: 9, oomKilled: false });
  });

  test('stopping twice, or after the end, is no error', async () => {
    const container = await startContainer(bench.runtime, podUid, { command: ['true'] });
    await container.ended;
    await Promise.all([container.stop(0), container.stop(5)]);
    await expect(bench.runtime.exec(container.id, ['true'], { stdin: false })).rejects.toThrow(CannotStart);
  });

  test('takes commands that run in it along', async () => {
    const container = await startContainer(bench.runtime, podUid);
    const exec = await bench.runtime.exec(container.id, ['sleep', '1000'], { stdin: false });
    await container.stop(0);
    expect((await exec.ended).exitCode).toBe(137);
  });

  test('a memory limit ends it with 137 and says why', async () => {
    const command = ['sh', '-c', 'head -c 200000000 /dev/zero | wc -c; exit 137'];
    const limited = { memoryLimitBytes: 32 * 1024 * 1024 };
    const container = await startContainer(bench.runtime, podUid, {
      ...limited,
      command: ['sh', '-c', 'exec tail /dev/zero'],
    });
    expect(await container.ended).toEqual({ exitCode: 137, signal: 9, oomKilled: true });

    const alive = await startContainer(bench.runtime, podUid, limited);
    const exec = await bench.runtime.exec(alive.id, ['tail', '/dev/zero'], { stdin: false });
    expect(await exec.ended).toEqual({ exitCode: 137, signal: 9, oomKilled: true });
    const survivor = await bench.runtime.exec(alive.id, command, { stdin: false });
    expect(await survivor.ended).toMatchObject({ exitCode: 137, oomKilled: false });
    await alive.stop(0);
  });
});
