// SPDX-License-Identifier: Apache-2.0
// Programs of the target run with its rights and no others, whatever the container has that they run in.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bench, busybox, type Container, debian, debianTools, type Security, type Wishes } from './testing/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});

afterAll(async () => bench[Symbol.asyncDispose]());

const suggested: Security = { uid: 0, addCapabilities: ['SYS_CHROOT'], allowPrivilegeEscalation: false };

const asTarget = (debug: Container, script: string, ...more: string[]) =>
  bench.run(debug, { args: ['enter', '--pid', '1', '--as-target', ...more, '--', 'sh'], input: `${script}\n` });

const identity = `grep -E '^(Uid|Gid|Groups|Cap(Prm|Eff|Bnd)):' /proc/self/status | tr '\\t' ' ' | tr -s ' '`;

const targets: [string, Wishes][] = [
  ['root', { image: busybox }],
  [
    'root with few capabilities',
    { image: busybox, security: { dropCapabilities: ['ALL'], addCapabilities: ['CHOWN'] } },
  ],
  ['another user', { image: busybox, security: { uid: 65532, gid: 65532 } }],
  ['another user with groups', { image: busybox, security: { uid: 1000, gid: 1000, supplementalGroups: [7, 8] } }],
];

test.each(targets)(
  'a shell beside %s has the user, the groups and the capabilities of a process in it',
  async (_, target) => {
    const { app, debug } = await bench.pair(target, suggested);
    const inside = await bench.sh(app, identity);
    for (const program of [[], ['--program', '/bin/sh']]) {
      const beside = await asTarget(debug, identity, ...program);
      expect({ program, ...beside }).toEqual({ program, status: 0, out: inside.out, err: '' });
    }
    const privileges = await asTarget(debug, 'grep NoNewPrivs /proc/self/status');
    expect(privileges.out).toMatch(/\t1\n$/);
    await Promise.all([debug.stop(0), app.stop(0)]);
  },
);

test('a program that is started again as root gains nothing', async () => {
  const security: Security = { dropCapabilities: ['ALL'] };
  const { app, debug } = await bench.pair({ image: busybox, security }, suggested);
  const ran = await asTarget(debug, 'sh -c "sh -c \'grep CapEff /proc/self/status; chown 1:1 /etc/passwd\'" 2>&1');
  expect(ran.out).toMatch(/^CapEff:\t0000000000000000\n.*Operation not permitted/);
  await Promise.all([debug.stop(0), app.stop(0)]);
});

for (const seccomp of [undefined, 'RuntimeDefault'] as const)
  test(`programs see what is mounted in the target, with ${seccomp ?? 'no'} seccomp profile`, async () => {
    const own = seccomp === undefined ? {} : { seccomp };
    const { app, debug } = await bench.pair({ image: debian, security: own }, { ...suggested, ...own });
    const script = `cat /proc/self/mountinfo; cat /proc/mounts; cat /etc/mtab; while read -r line; do echo "$line"; done </proc/$$/mounts; sh -c 'cat /proc/self/mounts'
df --output=target,fstype /dev/shm; df --local -P | tail -n +2 | wc -l; find /dev/shm -maxdepth 0 -fstype tmpfs; cd /proc; cat </proc/self/mounts | wc -l`;
    const inside = await bench.sh(app, script);
    expect(inside.out).toContain('/dev/shm');
    const beside = await asTarget(debug, script, '--program', '/bin/sh');
    expect(beside).toMatchObject({ status: 0, out: inside.out });
    await Promise.all([debug.stop(0), app.stop(0)]);
  });

test("whatever path leads to the table of mounts, it is the target's", async () => {
  const { app, debug } = await bench.pair({ image: debian }, suggested);
  const script = `cd /proc/self; grep -c . mounts; cd /; cat /proc//self/../self/mounts; cat 0<>/proc/self/mountinfo
ln -sfn ../proc/self/mounts /tmp/link; cat /tmp/link; grep -rsh --include=mounts ' /dev/shm ' /proc/self/task/ | sort -u; sh -c 'cat /proc/$PPID/mounts; :'
perl -e 'opendir(D, "/proc/self"); chdir(D); open(F, "<", "./mounts"); print <F>'; chroot / cat /proc/mounts
su -s /bin/sh -c 'cat /proc/self/mounts' nobody`;
  const inside = await bench.sh(app, script);
  expect(inside.out.split('/dev/shm').length).toBeGreaterThan(6);
  const beside = await asTarget(debug, script, '--program', '/bin/sh', '--mark', 'mark');
  expect(beside).toEqual(inside);
  await Promise.all([debug.stop(0), app.stop(0)]);
});

const jail = `mkdir -p /var/jail; exec perl -e 'chroot("/var/jail") or die; chdir("/"); sleep 1000000'`;
// Names of programs, then what is asked.
const asksForMounts: [program: string, script: string][] = [
  ['cat', 'cat /proc/self/mounts'],
  ['cat', 'cat /proc/1/mountinfo'],
  ['cat', 'cat /proc/mounts'],
  ['cat', 'ln -sfn ../proc/self/mounts /tmp/mtab; cat /tmp/mtab'],
  ['cat', 'cd /proc/self; cat mountstats'],
  ['cat', 'chroot / cat /proc/mounts'],
  ['sh', 'while read -r line; do echo "$line"; done </proc/self/mounts'],
  ['df', '/bin/df'],
  ['df', 'sh -c "exec /bin/df -P"'],
  ['mount', '/bin/mount'],
  ['mount', 'printf "/bin/mount\\n" | sh'],
  ['findmnt', 'sh -c "findmnt /dev/shm"'],
  ['find', 'find /dev/shm -maxdepth 0 -fstype tmpfs'],
  ['grep', 'xargs -a /dev/null -r true; perl -e \'system("grep", "-q", "shm", "/proc/$$/mounts")\''],
];

test('beside a process in a jail whatever asks for mounts is told of, and has no answer', async () => {
  const { app, debug } = await bench.pair({ image: debianTools, command: ['sh', '-c', jail] }, suggested);
  for (const [program, script] of asksForMounts) {
    const ran = await asTarget(
      debug,
      `{ ${script}\n} 2>/dev/null`,
      '--program',
      '/bin/sh',
      '--without-mounts',
      '--mark',
      'mark',
    );
    const said = `\nmark!${program}: it cannot see the mounts of the target from beside it\n`;
    expect({ script, out: ran.out, said: ran.err.includes(said), bare: ran.err.replaceAll(said, '') }).toEqual({
      script,
      out: '',
      said: true,
      bare: '',
    });
  }
  const plain = `ls /etc/passwd; cat /proc/self/comm; grep -rlI root /etc/passwd; find /etc -maxdepth 1 -name passwd; stat -f -c %T /dev/shm
su -s /bin/sh -c 'id -u; cat /etc/hostname' nobody; ps -o comm= -p $$; perl -e 'print "x\n"'; id -un; md5sum </etc/passwd; getent passwd root`;
  const [beside, inside] = [
    await asTarget(debug, plain, '--program', '/bin/sh', '--without-mounts', '--mark', 'mark'),
    await bench.sh(app, plain),
  ];
  expect(beside).toEqual(inside);
  await Promise.all([debug.stop(0), app.stop(0)]);
});

test('nothing is run as the target where no supervisor can be', async () => {
  const { app, debug } = await bench.pair({ image: busybox }, suggested);
  // The kernel takes one supervisor for a process.
  const nested = (more: string) => asTarget(debug, `/proc/self/fd/97 enter --pid 1 ${more} -- sh -c 'echo ran'`);
  expect(await nested('--as-target')).toEqual({
    status: 11,
    out: '',
    err: 'cinc-scan-helper: watch-opens: shell: Device or resource busy\n',
  });
  expect(await nested('')).toEqual({ status: 0, out: 'ran\n', err: '' });
  await Promise.all([debug.stop(0), app.stop(0)]);
});

test('a tool that its user may not read takes no table of our mounts', async () => {
  const { app, debug } = await bench.pair({ image: debian, security: { uid: 1000, gid: 1000 } }, suggested);
  const link = '/proc/self/fd/97 tool ln -sfn ../proc/self/mounts /tmp/link';
  for (const path of ['/tmp/link', '/proc/self/mountinfo', '../proc/mounts'])
    expect(await asTarget(debug, `${link}; cd /tmp; /proc/self/fd/97 tool cat ${path}`)).toMatchObject({
      status: 8,
      out: '',
      err: expect.stringContaining(': unsupported from beside the target\n'),
    });
  const inside = await bench.sh(app, 'cat /proc/1/mounts');
  expect(await asTarget(debug, '/proc/self/fd/97 tool cat /proc/1/mounts')).toEqual(inside);
  expect((await asTarget(debug, 'cat /tmp/link', '--program', '/bin/sh')).out).toEqual(inside.out);
  await Promise.all([debug.stop(0), app.stop(0)]);
});

test('our tools are at hand, and a refusal passes every redirection', async () => {
  const { app, debug } = await bench.pair({ image: debian, security: { uid: 1000, gid: 1000 } }, suggested);
  const script = `x=$(/proc/self/fd/97 tool awk 'BEGIN { print 6 * 7 }'); echo $x
( /proc/self/fd/97 refuse mark "find: no such
option" ) >/dev/null 2>&1 | cat; ls /proc/self/fd/96/ 2>&1 | grep -c 'Not a directory'`;
  const ran = await asTarget(debug, script, '--program', '/bin/sh');
  expect(ran).toEqual({ status: 0, out: '42\n1\n', err: '\nmark!find: no such option\n' });
  await Promise.all([debug.stop(0), app.stop(0)]);
});

test('commands start in the working folder of the container', async () => {
  const { app, debug } = await bench.pair({ image: busybox, workingDir: '/var/tmp' }, suggested);
  expect((await asTarget(debug, 'pwd')).out).toBe('/var/tmp\n');
  await Promise.all([debug.stop(0), app.stop(0)]);
});

test('without the right to become the user of the target nothing is run', async () => {
  const security: Security = { dropCapabilities: ['ALL'], addCapabilities: ['SYS_CHROOT', 'SYS_PTRACE'] };
  const { app, debug } = await bench.pair({ image: busybox, security: { uid: 65532, gid: 65532 } }, security);
  const ran = await asTarget(debug, 'echo ran');
  expect(ran).toMatchObject({
    status: 13,
    out: '',
    err: expect.stringMatching(/take-groups?: .*missing CAP_SETGID,CAP_SETUID/),
  });
  await Promise.all([debug.stop(0), app.stop(0)]);
});
