// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ContainerSecurity, RunningContainer, SandboxSpec } from './runtime.ts';
import { at, readFixture } from './testing/fixture.ts';
import { type Bench, distroless, openBench, openPod, sh, startContainer, tools } from './testing/pod.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await openBench('cinc-scan.test/busybox:1', distroless, tools);
});

afterAll(async () => bench.runtime[Symbol.asyncDispose]());

type Security = Partial<ContainerSecurity>;

interface Target {
  security?: Security;
  pod?: Partial<SandboxSpec>;
  image?: string;
}

/** The pods of the recordings. */
const targets: Record<string, Target> = {
  root: {},
  nonroot: { security: { uid: 65532, gid: 65532 } },
  'strict/nonroot': { security: { uid: 65532, gid: 65532, seccomp: 'RuntimeDefault' } },
  'strict/uid1000': { security: { uid: 1000, gid: 1000, seccomp: 'RuntimeDefault' } },
  ro: { security: { readOnlyRootFilesystem: true } },
  drop: { security: { dropCapabilities: ['ALL'] } },
  seccomp: { security: { seccomp: 'RuntimeDefault' } },
  netadmin: { security: { addCapabilities: ['NET_ADMIN'] } },
  priv: { security: { privileged: true } },
  hostpid: { pod: { hostPid: true } },
  shared: { pod: { shareProcessNamespace: true } },
  twins: {},
  bbx: { image: 'cinc-scan.test/busybox:1' },
};

async function startPair(
  target: Target,
  security: Security,
): Promise<{ app: RunningContainer; debug: RunningContainer }> {
  const podUid = await openPod(bench.runtime, target.pod);
  const app = await startContainer(bench.runtime, podUid, {
    image: target.image ?? distroless,
    security: target.security ?? {},
  });
  const joinPidOf = target.pod === undefined ? app.id : undefined;
  const debug = await startContainer(bench.runtime, podUid, {
    image: tools,
    name: 'debug',
    security,
    joinPidOf,
    stdin: true,
  });
  return { app, debug };
}

const inTarget = 'exec 2>&1; id -u; cat /etc/abs-release | head -1; cat /etc/root-only; touch /tmp/x && echo can-write';

/** What a debug container finds out about its target, in the form of the recordings. */
async function look(app: RunningContainer, debug: RunningContainer) {
  const ask = async (script: string): Promise<string> =>
    (await sh(bench.runtime, debug.id, script)).replaceAll(/\s+/g, ' ');
  const pid = await ask(`grep -ls ${app.id} /proc/[0-9]*/cgroup | cut -d/ -f3 | sort -n | head -1`);
  return {
    pid,
    target: await ask(`grep -E "^(Uid|CapPrm|Seccomp):" /proc/${pid}/status`),
    self: await ask('grep -E "^(Uid|CapEff|NoNewPrivs|Seccomp):" /proc/self/status'),
    'ls root': await ask(`ls /proc/${pid}/root/etc`),
    chroot: await ask(`chroot /proc/${pid}/root /proc/$$/root/bin/busybox sh -c '${inTarget}'; true`),
  };
}

function parseSecurity(recorded: unknown): Security {
  const names = (key: string): string[] => {
    const list = at(recorded, 'capabilities', key);
    return Array.isArray(list) ? list.map(String) : [];
  };
  const id = (key: string): number | undefined =>
    at(recorded, key) === undefined ? undefined : Number(at(recorded, key));
  return {
    uid: id('runAsUser'),
    gid: id('runAsGroup'),
    addCapabilities: names('add'),
    dropCapabilities: names('drop'),
    seccomp: at(recorded, 'seccompProfile', 'type') === 'RuntimeDefault' ? 'RuntimeDefault' : 'Unconfined',
    privileged: at(recorded, 'privileged') === true,
    allowPrivilegeEscalation: at(recorded, 'allowPrivilegeEscalation') !== false,
  };
}

const everything = /000001f\w{10}/;
const wordsOf = (text: unknown): string => String(text).replace(everything, 'all');

describe('every recorded pair of target and debug container meets the same answers here', () => {
  test('the recordings', async () => {
    const recorded = (await readFixture('lens.json')).filter(entry => at(entry, 'inside') !== undefined);
    expect(recorded.length).toBeGreaterThan(20);
    for (const entry of recorded) {
      const name = String(at(entry, 'name'));
      const { app, debug } = await startPair(
        targets[name] ?? targets[name.replace(/^.*\//, '')] ?? {},
        parseSecurity(at(entry, 'securityContext')),
      );
      const seen = await look(app, debug);
      const expected = (key: string): string => wordsOf(at(entry, 'inside', key));
      const row = `${name} ${JSON.stringify(at(entry, 'securityContext'))}`;
      expect({ row, alone: seen.pid === '1' }).toEqual({ row, alone: expected('target pid by id') === '1' });
      expect({ row, is: seen.target.replace(everything, 'all') }).toEqual({ row, is: expected('target') });
      expect({ row, is: seen.self.replace(everything, 'all') }).toEqual({ row, is: expected('self') });
      expect({ row, is: seen.chroot.replaceAll(`/proc/${seen.pid}/`, '/proc/PID/') }).toEqual({
        row,
        is: expected('chroot').replaceAll(`/proc/${expected('target pid by id')}/`, '/proc/PID/'),
      });
      const files = expected('ls root');
      expect({ row, is: namedIn(seen['ls root'], files) }).toEqual({ row, is: files });
      await Promise.all([debug.stop(0), app.stop(0)]);
    }
  });

  /** Our images have more files than the recorded ones had: only those are compared. A refusal is compared whole. */
  function namedIn(listing: string, files: string): string {
    const names = files.split(' ');
    return files.startsWith('ls:')
      ? listing
      : listing
          .split(' ')
          .filter(name => names.includes(name))
          .join(' ');
  }
});

describe('the rule behind: who may enter /proc/PID/root, and who may chroot into it', () => {
  const chrootOnly: Security = { dropCapabilities: ['ALL'], addCapabilities: ['SYS_CHROOT'] };
  const bare: Security = { dropCapabilities: ['ALL'] };
  const ptrace: Security = { addCapabilities: ['SYS_PTRACE'] };
  const nonroot: Security = { uid: 65532, gid: 65532 };
  type Row = { target: Security; debug: Security; enter: boolean; chroot: boolean; secret: boolean };

  const rows: [string, Row][] = [
    ['root, root', { target: {}, debug: {}, enter: true, chroot: true, secret: true }],
    [
      'root without capabilities, root with SYS_CHROOT',
      { target: bare, debug: chrootOnly, enter: true, chroot: true, secret: true },
    ],
    ['root without capabilities, the same', { target: bare, debug: bare, enter: true, chroot: false, secret: true }],
    ['root, root without capabilities', { target: {}, debug: bare, enter: false, chroot: false, secret: false }],
    [
      'root and NET_ADMIN, root',
      { target: { addCapabilities: ['NET_ADMIN'] }, debug: {}, enter: false, chroot: false, secret: false },
    ],
    [
      'root and NET_ADMIN, the same and SYS_PTRACE',
      {
        target: { addCapabilities: ['NET_ADMIN'] },
        debug: { addCapabilities: ['NET_ADMIN', 'SYS_PTRACE'] },
        enter: true,
        chroot: true,
        secret: true,
      },
    ],
    [
      'root, only SYS_CHROOT and SYS_PTRACE',
      {
        target: {},
        debug: { dropCapabilities: ['ALL'], addCapabilities: ['SYS_CHROOT', 'SYS_PTRACE'] },
        enter: true,
        chroot: true,
        secret: true,
      },
    ],
    ['65532, root', { target: nonroot, debug: {}, enter: false, chroot: false, secret: false }],
    ['65532, root with SYS_PTRACE', { target: nonroot, debug: ptrace, enter: true, chroot: true, secret: true }],
    ['65532, the same user', { target: nonroot, debug: nonroot, enter: true, chroot: false, secret: false }],
    [
      '65532, the same user but group 0',
      { target: nonroot, debug: { uid: 65532 }, enter: false, chroot: false, secret: false },
    ],
    [
      '1000, user 65532',
      { target: { uid: 1000, gid: 1000 }, debug: nonroot, enter: false, chroot: false, secret: false },
    ],
  ];

  test.each(rows)('%s', async (_, row) => {
    const { app, debug } = await startPair({ security: row.target }, row.debug);
    const script = [
      'ls /proc/1/root/ > /dev/null 2>&1 && echo enter',
      "chroot /proc/1/root /proc/$$/root/bin/busybox sh -c 'echo chroot' 2> /dev/null",
      'cat /proc/1/root/etc/root-only 2> /dev/null',
      'true',
    ].join('; ');
    const seen = (await sh(bench.runtime, debug.id, script)).split('\n');
    const could = { enter: seen.includes('enter'), chroot: seen.includes('chroot'), secret: seen.includes('secret') };
    expect(could).toEqual({ enter: row.enter, chroot: row.chroot, secret: row.secret });
    await Promise.all([debug.stop(0), app.stop(0)]);
  });

  test('an absolute link read through /proc/PID/root leads to the file of the reader, not of the target', async () => {
    const { debug } = await startPair({}, {});
    const script =
      'echo mine > /usr/lib/os-release || { mkdir -p /usr/lib && echo mine > /usr/lib/os-release; }; cat /proc/1/root/etc/abs-release';
    expect(await sh(bench.runtime, debug.id, script)).toContain('mine');
  });
});
