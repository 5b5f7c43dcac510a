// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container } from './testing/bench.ts';

let bench: Bench;
let app: Container;
let debug: Container;

const strict = { uid: 65532, gid: 65532, dropCapabilities: ['ALL'], allowPrivilegeEscalation: false };
const profile = { seccomp: 'RuntimeDefault' } as const;

const prepare = `
mkdir -p /tmp/d/deep /tmp/closed && cd /tmp
echo deep > d/deep/file
ln -s /tmp/d/deep/file absolute; ln -s d/deep/file relative; ln -s absolute chain
ln -s ../../../../../../../../bin/mark escape; ln -s /../../bin/mark escape-absolute; ln -s / rootlink
ln -s loop loop; ln -s loop-b loop-a; ln -s loop-a loop-b; ln -s /nowhere dangling; ln -s /nowhere/at/all lost
ln -s /proc/self/status mine; ln -s d dirlink
i=0; last=d/deep/file; while [ $i -lt 45 ]; do ln -s $last step$i; last=step$i; i=$((i + 1)); done
mkfifo fifo; printf 'a\\0b\\377' > bytes; : > empty; head -c 200000 /dev/zero > big
printf x > 'new
line'; printf x > -n; printf x > "$(printf 'caf\\351')"; printf x > ' blank '
ln -s closed/file into-closed; echo hidden > closed/file; chmod 700 closed; echo own > private; chmod 600 private; echo x > none; chmod 000 none
echo mark > /bin/mark; chmod 666 /bin/mark
`;

beforeAll(async () => {
  bench = await Bench.open();
  const podUid = await bench.pod();
  app = await bench.start(podUid, { image: busybox, security: { uid: 65532, gid: 65532, ...profile } });
  debug = await bench.debug(podUid, { joinPidOf: app.id, security: { ...strict, ...profile } });
  // A root process of the same container's files makes what the target's own user could not.
  const root = await bench.debug(podUid, { joinPidOf: app.id });
  expect(await bench.enter(root, prepare)).toMatchObject({ status: 0, out: '', err: '' });
  await bench.sh(root, 'true');
  await root.stop(0);
});

afterAll(async () => bench[Symbol.asyncDispose]());

describe.each([
  ['resolved by the kernel', []],
  ['resolved step by step', ['--walk']],
])('without entering, %s', (_, how) => {
  const ask = (...args: string[]) => bench.file(debug, ...how, '--', ...args);
  const cat = async (path: string) => {
    const { status, out, err } = await ask('cat', path);
    return status === 0 ? out : err.replace(/^cinc-scan-helper: /, '').trimEnd();
  };

  test('the view is files only', async () => {
    const probe = await bench.run(debug, { args: ['probe', '--pid', '1'] });
    expect(probe.out).toBe('files-only chroot Operation not permitted CAP_SYS_CHROOT\n');
  });

  test.each([
    ['/tmp/d/deep/file', 'deep\n'],
    ['tmp/d/deep/file', 'deep\n'],
    ['//tmp/./d/../d//deep/file', 'deep\n'],
    ['/tmp/absolute', 'deep\n'],
    ['/tmp/relative', 'deep\n'],
    ['/tmp/chain', 'deep\n'],
    ['/tmp/dirlink/deep/file', 'deep\n'],
    ['/tmp/rootlink/tmp/chain', 'deep\n'],
    ['/tmp/step30', 'deep\n'],
    ['/tmp/bytes', 'a\0b\xff'],
    ['/tmp/empty', ''],
    ['/tmp/-n', 'x'],
    ['/tmp/new\nline', 'x'],
    ['/tmp/ blank ', 'x'],
  ])('%j is read', async (path, content) => {
    expect(await cat(path)).toBe(content);
  });

  test.each(['/tmp/escape', '/tmp/escape-absolute', '/../../../bin/mark', '/tmp/rootlink/../../bin/mark'])(
    '%s stays in the target',
    async path => {
      expect(await cat(path)).toBe('mark\n');
    },
  );

  test.each([
    ['/tmp/loop', 'open: /tmp/loop: Too many levels of symbolic links'],
    ['/tmp/loop-a', 'open: /tmp/loop-a: Too many levels of symbolic links'],
    ['/tmp/step44', 'open: /tmp/step44: Too many levels of symbolic links'],
    ['/tmp/dangling', 'open: /tmp/dangling: No such file or directory'],
    ['/tmp/nothing', 'open: /tmp/nothing: No such file or directory'],
    ['', 'open: : No such file or directory'],
    ['/tmp/bytes/x', 'open: /tmp/bytes/x: Not a directory'],
    ['/tmp/bytes/', 'open: /tmp/bytes/: Not a directory'],
    ['/tmp/absolute/', 'open: /tmp/absolute/: Not a directory'],
    ['/tmp/d', 'open: /tmp/d: Is a directory'],
    ['/tmp/fifo', 'open: /tmp/fifo: Not a regular file'],
    ['/dev/null', 'open: /dev/null: Not a regular file'],
    ['/tmp/private', 'open: /tmp/private: Permission denied'],
    ['/tmp/closed/file', 'open: /tmp/closed/file: Permission denied'],
    ['/no\nsuch\x1b[31m', 'open: /no\\x0asuch\\x1b[31m: No such file or directory'],
    [`/${'x'.repeat(256)}`, `open: /${'x'.repeat(256)}: File name too long`],
    ['/tmp/'.repeat(1000), `open: ${'/tmp/'.repeat(1000)}: File name too long`],
  ])('%j is refused', async (path, problem) => {
    expect(await cat(path)).toBe(problem);
    expect((await ask('cat', path)).status).toBe(1);
  });

  test('an absolute link leads to the file of the target, not of the reader', async () => {
    const other = await bench.pair({ security: { uid: 65532, gid: 65532 } }, { uid: 65532, gid: 65532 });
    expect(await bench.file(other.debug, ...how, 'cat', '/etc/abs-release')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^PRETTY_NAME="Distroless"\n/),
    });
  });

  test('/proc/self is the target', async () => {
    for (const path of ['/proc/self/status', '/proc/thread-self/status', '/tmp/mine', '/proc/1/status'])
      expect(await cat(path)).toMatch(/^Name:\tcatatonit\n/);
    expect((await ask('look', '/proc/self')).out).toContain('\n1\n');
    expect(await cat('/proc/mounts')).toBe(await cat('/proc/1/mounts'));
    expect(await cat('/proc/mounts')).not.toBe((await bench.sh(debug, 'cat /proc/self/mounts')).out);
  });

  test('a link of a process leads to the same name in the target', async () => {
    expect(await cat('/proc/self/root/bin/mark')).toBe('mark\n');
    expect(await cat('/proc/self/cwd/bin/mark')).toBe('mark\n');
  });

  test('more than the limit is cut and says so', async () => {
    const { status, out, err } = await bench.file(debug, ...how, '--limit', '100000', 'cat', '/tmp/big');
    expect([status, out.length]).toEqual([10, 100_000]);
    expect(err).toBe('cinc-scan-helper: read: /tmp/big: longer than the limit\n');
    expect((await bench.file(debug, ...how, '--limit', '200000', 'cat', '/tmp/big')).status).toBe(0);
  });

  test('a directory is listed with types, whatever the names', async () => {
    const { status, out } = await ask('list', '/tmp');
    expect(status).toBe(0);
    const entries = out.split('\0');
    expect(entries).toEqual(
      expect.arrayContaining(['d d', 'l absolute', 'p fifo', 'f new\nline', 'f -n', 'f caf\xe9', 'f  blank ']),
    );
    expect(entries.at(-1)).toBe('');
    expect((await ask('list', '/tmp/dirlink')).out).toBe('d deep\0');
    expect(await ask('list', '/tmp/bytes')).toMatchObject({ status: 1, out: '' });
    expect(await ask('list', '/tmp/closed')).toMatchObject({ status: 1, out: '' });
    expect((await bench.file(debug, ...how, '--limit', '10', 'list', '/tmp')).status).toBe(10);
  });
});

/** The same questions to a shell in the target. */
const reference = (path: string, separator: string) => `
format='%s
%f
%U
%u
%G
%g
%X
%Y'
separate() { printf '${separator.replaceAll('\n', '\\n')}'; }
p='${path}'
if [ -e "$p" ] || [ -L "$p" ]; then printf 1; else printf 0; exit 0; fi
separate; own=$(stat -c "$format" -- "$p"); printf '%s\n?' "$own"; target=$own
separate; if [ -L "$p" ]; then target=$(stat -L -c "$format" -- "$p" 2>/dev/null); readlink -- "$p"; fi
separate; if [ -L "$p" ]; then readlink -f -- "$p"; fi
separate; [ -z "$target" ] || printf '%s\n?' "$target"
separate; size=\${target%%
*}
if [ -f "$p" ] && [ -r "$p" ] && [ "\${size:-0}" -gt 0 ] && [ "$size" -le 65536 ]; then cat -- "$p" 2>/dev/null; fi
true`;

describe.each([['openat2'], ['walk']])('a look by %s tells what a shell in the target tells', how => {
  const separator = '\n0123456789abcdef\n';

  test.each([
    '/tmp/d/deep/file',
    '/tmp/absolute',
    '/tmp/relative',
    '/tmp/chain',
    '/tmp/escape',
    '/tmp/dirlink',
    '/tmp/dirlink/',
    '/tmp/rootlink',
    '/tmp/dangling',
    '/tmp/lost',
    '/tmp/loop',
    '/tmp/nothing',
    '/tmp/bytes',
    '/tmp/bytes/x',
    '/tmp/empty',
    '/tmp/big',
    '/tmp/fifo',
    '/tmp/private',
    '/tmp/none',
    '/tmp/-n',
    '/tmp/new\nline',
    '/tmp',
    '/',
    '/etc/shadow',
    '/dev/null',
  ])('%j', async path => {
    const args = ['--separator', separator, ...(how === 'walk' ? ['--walk'] : []), 'look', path];
    const [asked, told] = await Promise.all([bench.file(debug, ...args), bench.sh(app, reference(path, separator))]);
    expect(asked).toMatchObject({ status: 0, err: '' });
    expect(asked.out.split(separator)).toEqual(told.out.split(separator));
  });

  test('but what is behind a closed directory is not known, instead of absent', async () => {
    const path = '/tmp/closed/file';
    expect((await bench.sh(app, reference(path, separator))).out).toBe('0');
    expect(await bench.file(debug, 'look', path)).toEqual({
      status: 9,
      out: '',
      err: 'cinc-scan-helper: look: /tmp/closed/file: Permission denied\n',
    });
    // The link itself can be seen; where it leads is the same closed directory.
    const link = await bench.file(debug, '--separator', separator, 'look', '/tmp/into-closed');
    expect(link).toMatchObject({ status: 0, err: '' });
    expect(link.out.split(separator).slice(4)).toEqual(['?: Permission denied', '']);
  });
});
