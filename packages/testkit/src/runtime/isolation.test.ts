// SPDX-License-Identifier: Apache-2.0

import { readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Bench, distroless, openBench, openPod, sh, startContainer, tools, type Wishes } from './testing/pod.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench('cinc-scan.test/busybox:1', distroless, tools);
});

afterAll(async () => bench.runtime[Symbol.asyncDispose]());

async function statusOf(pid: number): Promise<(name: string) => string | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return name => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
}

/** Chown, DAC override, … in the order of their numbers: the default set as recorded on a real cluster. */
const defaults = '00000000a80425fb';
const none = '0000000000000000';

describe('capabilities', () => {
  const cases: [string, Wishes['security'], { bounding: string; permitted: string }][] = [
    ['the default set', {}, { bounding: defaults, permitted: defaults }],
    ['nothing but what was added', { dropCapabilities: ['ALL'], addCapabilities: ['SYS_CHROOT'] }, chrootOnly()],
    ['names with their prefix too', { dropCapabilities: ['ALL'], addCapabilities: ['CAP_SYS_CHROOT'] }, chrootOnly()],
    [
      'the default and NET_ADMIN',
      { addCapabilities: ['NET_ADMIN'] },
      { bounding: '00000000a80435fb', permitted: '00000000a80435fb' },
    ],
    [
      'the default without one',
      { dropCapabilities: ['CHOWN'] },
      { bounding: '00000000a80425fa', permitted: '00000000a80425fa' },
    ],
    ['none for another user than root, in effect', { uid: 1000 }, { bounding: defaults, permitted: none }],
  ];

  function chrootOnly() {
    return { bounding: '0000000000040000', permitted: '0000000000040000' };
  }

  test.each(cases)('%s', async (_, security, expected) => {
    const container = await startContainer(bench.runtime, await openPod(bench.runtime), { security: security ?? {} });
    const field = await statusOf(container.pid);
    expect({ bounding: field('CapBnd'), permitted: field('CapPrm') }).toEqual(expected);
    expect(field('CapEff')).toBe(expected.permitted);
    const exec = await sh(bench.runtime, container.id, 'grep CapEff /proc/self/status');
    expect(exec).toBe(`CapEff:\t${expected.permitted}`);
  });

  test('a privileged container has all that the machine has, and its devices', async () => {
    const container = await startContainer(bench.runtime, await openPod(bench.runtime), {
      security: { privileged: true },
    });
    const [field, own] = [await statusOf(container.pid), await statusOf(process.pid)];
    expect(field('CapEff')).toBe(own('CapBnd'));
    expect(
      await sh(bench.runtime, container.id, 'ls /dev/kmsg; touch /proc/sys/kernel/hostname && echo writable'),
    ).toBe('/dev/kmsg\nwritable');
  });

  test('new privileges are refused only where escalation is not allowed', async () => {
    const podUid = await openPod(bench.runtime);
    const strict = await startContainer(bench.runtime, podUid, { security: { allowPrivilegeEscalation: false } });
    const loose = await startContainer(bench.runtime, podUid);
    const script = 'grep NoNewPrivs /proc/self/status';
    expect(await sh(bench.runtime, strict.id, script)).toBe('NoNewPrivs:\t1');
    expect(await sh(bench.runtime, loose.id, script)).toBe('NoNewPrivs:\t0');
  });
});

describe('the file system', () => {
  test('a write is seen in this container only, never in the image or in another container', async () => {
    const podUid = await openPod(bench.runtime);
    const [one, two] = [await startContainer(bench.runtime, podUid), await startContainer(bench.runtime, podUid)];
    expect(await sh(bench.runtime, one.id, 'echo changed > /etc/passwd; cat /etc/passwd')).toBe('changed');
    expect(await sh(bench.runtime, two.id, 'head -1 /etc/passwd')).toBe('root:x:0:0:root:/root:/bin/sh');
    const image = bench.images.rootfs('cinc-scan.test/busybox:1') ?? '';
    expect(await readFile(`${image}/etc/passwd`, 'utf8')).toContain('root:x:0:0');
  });

  test('a read-only root refuses every write, volumes and /dev/shm apart', async () => {
    const podUid = await openPod(bench.runtime);
    const container = await startContainer(bench.runtime, podUid, { security: { readOnlyRootFilesystem: true } });
    const seen = await sh(bench.runtime, container.id, 'touch /tmp/x; touch /etc/hosts; touch /dev/shm/x && echo shm');
    expect(seen.split('\n').toSorted()).toEqual([
      'shm',
      'touch: /etc/hosts: Read-only file system',
      'touch: /tmp/x: Read-only file system',
    ]);
  });

  test('kernel settings cannot be changed and kernel memory cannot be read', async () => {
    const container = await startContainer(bench.runtime, await openPod(bench.runtime));
    const seen = await sh(
      bench.runtime,
      container.id,
      'echo x > /proc/sys/kernel/hostname; touch /sys/x; head -c 1 /proc/kcore | wc -c',
    );
    expect(seen).toContain("can't create /proc/sys/kernel/hostname: Read-only file system");
    expect(seen).toContain('touch: /sys/x: Read-only file system');
    expect(seen).toMatch(/^0$/m);
  });
});

describe('the network', () => {
  test('is one loopback for the whole pod, from which neither the host nor another pod can be reached', async () => {
    await using server = createServer(socket => socket.end());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';

    const podUid = await openPod(bench.runtime);
    const [one, two] = [await startContainer(bench.runtime, podUid), await startContainer(bench.runtime, podUid)];
    const stranger = await startContainer(bench.runtime, await openPod(bench.runtime));
    expect(await sh(bench.runtime, one.id, 'ls /sys/class/net; ip -o addr show lo | grep -o 127.0.0.1')).toBe(
      'lo\n127.0.0.1',
    );
    expect(await sh(bench.runtime, one.id, 'ping -c 1 -W 1 127.0.0.1 | grep -o "1 packets received"')).toBe(
      '1 packets received',
    );
    expect(await sh(bench.runtime, one.id, `nc 127.0.0.1 ${port} < /dev/null`)).toContain('Connection refused');
    const network = async (pid: number): Promise<string> => readlink(`/proc/${pid}/ns/net`);
    expect(await network(two.pid)).toBe(await network(one.pid));
    expect(await network(stranger.pid)).not.toBe(await network(one.pid));
    expect(await network(process.pid)).not.toBe(await network(one.pid));
  });
});

describe('PID namespaces', () => {
  test('are separate within a pod by default', async () => {
    const podUid = await openPod(bench.runtime);
    const one = await startContainer(bench.runtime, podUid);
    const two = await startContainer(bench.runtime, podUid);
    expect(await readlink(`/proc/${one.pid}/ns/pid`)).not.toBe(await readlink(`/proc/${two.pid}/ns/pid`));
    expect(await readlink(`/proc/${one.pid}/ns/net`)).toBe(await readlink(`/proc/${two.pid}/ns/net`));
    expect(await sh(bench.runtime, one.id, 'cat /proc/1/comm')).toBe('catatonit');
  });

  test('a container can join that of another, which stays PID 1 and ends it when it ends', async () => {
    const podUid = await openPod(bench.runtime);
    const target = await startContainer(bench.runtime, podUid, { image: distroless });
    const debug = await startContainer(bench.runtime, podUid, { image: tools, joinPidOf: target.id, stdin: true });
    const owner = await sh(bench.runtime, debug.id, 'grep -l $ID /proc/[0-9]*/cgroup | head -1; cat /proc/1/cgroup');
    expect(owner).toContain(target.id);
    expect(await sh(bench.runtime, debug.id, 'grep -c "" /proc/1/root/usr/lib/os-release')).toBe('6');
    await target.stop(0);
    expect((await debug.ended).exitCode).toBe(137);
  });

  test('the end of a joined container leaves the target running', async () => {
    const podUid = await openPod(bench.runtime);
    const target = await startContainer(bench.runtime, podUid);
    const debug = await startContainer(bench.runtime, podUid, { image: tools, joinPidOf: target.id, stdin: true });
    const child = await bench.runtime.exec(debug.id, ['sleep', '1004'], { stdin: false });
    await debug.stop(0);
    expect((await child.ended).exitCode).toBe(137);
    expect(await sh(bench.runtime, target.id, 'ps | grep -c "sleep 1004$"; cat /proc/1/comm')).toBe('0\ncatatonit');
  });

  test('shared by the pod, they have the pause process as PID 1 and one container sees the other', async () => {
    const podUid = await openPod(bench.runtime, { shareProcessNamespace: true });
    const app = await startContainer(bench.runtime, podUid, { image: distroless });
    const sidecar = await startContainer(bench.runtime, podUid, { image: tools, stdin: true });
    expect(await sh(bench.runtime, sidecar.id, 'tr "\\0" " " < /proc/1/cmdline')).toBe('/pause -P');
    const found = await sh(bench.runtime, sidecar.id, `grep -l ${app.id} /proc/[0-9]*/cgroup`);
    expect(found).toMatch(/^\/proc\/\d+\/cgroup$/);
    expect(found).not.toBe('/proc/1/cgroup');
    await app.stop(0);
    expect(await sh(bench.runtime, sidecar.id, 'echo still here')).toBe('still here');
  });

  test("the host's can be seen when the pod asks for it", async () => {
    const podUid = await openPod(bench.runtime, { hostPid: true });
    const container = await startContainer(bench.runtime, podUid);
    expect(await readlink(`/proc/${container.pid}/ns/pid`)).toBe(await readlink('/proc/self/ns/pid'));
    expect(await sh(bench.runtime, container.id, `grep -l ${container.id} /proc/[0-9]*/cgroup`)).toContain(
      `/proc/${container.pid}/`,
    );
  });
});
