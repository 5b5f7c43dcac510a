// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, debian, type Security } from './testing/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});

afterAll(async () => bench[Symbol.asyncDispose]());

const only = (...names: string[]): Security => ({ dropCapabilities: ['ALL'], addCapabilities: names });
const nonroot: Security = { uid: 65532, gid: 65532 };
const suggested: Security = { uid: 0, addCapabilities: ['SYS_CHROOT'], allowPrivilegeEscalation: false };

interface Row {
  target: Security;
  debug: Security;
  probe: string | RegExp;
  /** What the shell can do: `secret` reads a file of mode 600, `write` writes to the root file system. */
  can: string;
}

const refused = (missing: string): string => `none open-root Permission denied ${missing}`;

describe('who may enter which target', () => {
  const rows: [string, Row][] = [
    ['root by root', { target: {}, debug: {}, probe: 'full', can: 'secret write' }],
    ['root by the suggested default', { target: {}, debug: suggested, probe: 'full', can: 'secret write' }],
    [
      'root on a read-only root by the same',
      { target: { readOnlyRootFilesystem: true }, debug: suggested, probe: 'full', can: 'secret' },
    ],
    [
      'root without capabilities by root with SYS_CHROOT',
      { target: only(), debug: only('SYS_CHROOT'), probe: 'full', can: 'secret write' },
    ],
    [
      'root without capabilities by the same: files only',
      { target: only(), debug: only(), probe: 'files-only chroot Operation not permitted CAP_SYS_CHROOT', can: '' },
    ],
    ['root by root without capabilities', { target: {}, debug: only(), probe: /CAP_CHOWN,.*,CAP_SETFCAP$/, can: '' }],
    [
      'root with NET_ADMIN by root',
      { target: { addCapabilities: ['NET_ADMIN'] }, debug: {}, probe: refused('CAP_NET_ADMIN'), can: '' },
    ],
    [
      'root with NET_ADMIN by the same with SYS_PTRACE',
      {
        target: { addCapabilities: ['NET_ADMIN'] },
        debug: { addCapabilities: ['NET_ADMIN', 'SYS_PTRACE'] },
        probe: 'full',
        can: 'secret write',
      },
    ],
    [
      'root by SYS_CHROOT and SYS_PTRACE alone',
      { target: {}, debug: only('SYS_CHROOT', 'SYS_PTRACE'), probe: 'full', can: 'secret write' },
    ],
    [
      'a privileged target by root',
      { target: { privileged: true }, debug: suggested, probe: /^none open-root/, can: '' },
    ],
    ['65532 by root', { target: nonroot, debug: {}, probe: 'full', can: 'secret write' }],
    ['65532 by the suggested default', { target: nonroot, debug: suggested, probe: 'full', can: 'secret write' }],
    [
      '65532 by SETUID, SETGID, SYS_CHROOT and DAC_OVERRIDE without escalation',
      {
        target: nonroot,
        debug: { ...only('SETUID', 'SETGID', 'SYS_CHROOT', 'DAC_OVERRIDE'), allowPrivilegeEscalation: false },
        probe: 'full',
        can: 'secret write',
      },
    ],
    [
      '65532 by SETUID, SETGID and SYS_CHROOT',
      { target: nonroot, debug: only('SETUID', 'SETGID', 'SYS_CHROOT'), probe: 'full', can: 'secret write' },
    ],
    [
      '65532 by SETUID and SETGID: files only',
      {
        target: nonroot,
        debug: only('SETUID', 'SETGID'),
        probe: 'files-only chroot Operation not permitted CAP_SYS_CHROOT',
        can: '',
      },
    ],
    [
      '65532 by SYS_CHROOT alone',
      { target: nonroot, debug: only('SYS_CHROOT'), probe: refused('CAP_SETGID,CAP_SETUID'), can: '' },
    ],
    [
      '65532 by SETUID without SETGID',
      { target: nonroot, debug: only('SETUID', 'SYS_CHROOT'), probe: refused('CAP_SETGID'), can: '' },
    ],
    [
      '65532 on a read-only root by root',
      { target: { ...nonroot, readOnlyRootFilesystem: true }, debug: {}, probe: 'full', can: 'secret' },
    ],
    [
      '65532 by root with SYS_PTRACE',
      { target: nonroot, debug: { addCapabilities: ['SYS_PTRACE'] }, probe: 'full', can: 'secret write' },
    ],
    [
      '65532 by SYS_CHROOT and SYS_PTRACE alone',
      { target: nonroot, debug: only('SYS_CHROOT', 'SYS_PTRACE'), probe: 'full', can: 'secret write' },
    ],
    [
      '65532 by the same user: files only',
      {
        target: nonroot,
        debug: nonroot,
        probe: 'files-only chroot Operation not permitted CAP_SYS_CHROOT',
        can: '',
      },
    ],
    [
      '65532 by the same user of another group',
      { target: nonroot, debug: { uid: 65532 }, probe: refused('CAP_SETGID'), can: '' },
    ],
    [
      '1000 by 65532',
      { target: { uid: 1000, gid: 1000 }, debug: nonroot, probe: refused('CAP_SETGID,CAP_SETUID'), can: '' },
    ],
    [
      'root by 65532',
      { target: {}, debug: nonroot, probe: /^none open-root Permission denied CAP_CHOWN,.*SETUID/, can: '' },
    ],
    [
      'with the seccomp profile of the runtime on both sides',
      {
        target: { ...nonroot, seccomp: 'RuntimeDefault' },
        debug: { ...suggested, seccomp: 'RuntimeDefault' },
        probe: 'full',
        can: 'secret write',
      },
    ],
  ];

  const script =
    'cat /etc/root-only | tr s s; touch /tmp/x 2>/dev/null && echo write; id -u; cat /etc/abs-release | head -1';

  test.each(rows)('%s', async (_, row) => {
    const { app, debug } = await bench.pair({ security: row.target }, row.debug);
    const probe = await bench.run(debug, { args: ['probe', '--pid', '1'] });
    expect(probe).toMatchObject({ status: 0, err: '' });
    if (typeof row.probe === 'string') expect(probe.out).toBe(`${row.probe}\n`);
    else expect(probe.out.trim()).toMatch(row.probe);
    const entered = await bench.enter(debug, script);
    if (probe.out !== 'full\n') {
      const [, step = '', missing = ''] = /^\S+ (\S+) .* (\S+)\n$/.exec(probe.out) ?? [];
      expect(entered.status).toBe(step === 'chroot' ? 6 : 5);
      expect(entered.err).toMatch(new RegExp(`^cinc-scan-helper: ${step}: .*: missing ${missing}\n$`));
      expect(entered.out).toBe('');
    } else {
      expect(entered.status).toBe(0);
      const seen = entered.out.split('\n');
      expect(['secret', 'write'].filter(word => seen.includes(word)).join(' ')).toBe(row.can);
      expect(seen).toContain('0');
      expect(seen).toContain('PRETTY_NAME="Distroless"');
    }
    await Promise.all([debug.stop(0), app.stop(0)]);
  });

  test('a user with capabilities over files, which root has to take along when it takes the IDs', async () => {
    const ids = ['--reuid', '65532', '--regid', '65532', '--clear-groups'];
    const capabilities = ['--inh-caps', '+chown,+fowner', '--ambient-caps', '+chown,+fowner'];
    const command = ['setpriv', ...ids, ...capabilities, 'sleep', '1000'];
    const { debug } = await bench.pair({ image: debian, command });
    await bench.sh(debug, 'until grep -q "^sleep" /proc/1/comm; do :; done');
    expect((await bench.sh(debug, 'grep CapPrm /proc/1/status')).out).toBe('CapPrm:\t0000000000000009\n');
    expect((await bench.run(debug, { args: ['probe', '--pid', '1'] })).out).toBe('full\n');
    expect((await bench.enter(debug, 'grep CapEff /proc/self/status')).out).toBe('CapEff:\t00000000a80425fb\n');
  });
});
