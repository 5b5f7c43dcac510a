// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container, type Security } from './testing/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});

afterAll(async () => bench[Symbol.asyncDispose]());

const nonroot: Security = { uid: 65532, gid: 65532 };
const find = (debug: Container, app: Container, ...more: string[]) =>
  bench.run(debug, { args: ['find', '--container-id', app.id, ...more] });

describe('a process that makes itself hard to read', () => {
  test.each([') R 1 1 1', 'a) Z 9\n(', '(((', '\x1b[2J\xff', 'x\nUid:\t7\t7\t7'])('by its name %j', async name => {
    const octal = [...Buffer.from(name, 'latin1')].map(byte => `\\0${byte.toString(8)}`).join('');
    const rename = `printf '%b' '${octal}' > /proc/self/comm; echo; while :; do sleep 1000; done`;
    const command = ['sh', '-c', `printf '%b' '${octal}' > /proc/$$/comm; ${rename}`];
    const { app, debug } = await bench.pair({ image: busybox, command, security: nonroot });
    const { status, out } = await find(debug, app);
    const [pid = '', uid, gid, , start = ''] = out.trim().split(' ');
    expect([status, pid, uid, gid]).toEqual([0, '1', '65532', '65532']);
    const entered = await bench.run(debug, {
      args: ['enter', '--pid', pid, '--starttime', start, '--', 'sh'],
      input: 'echo in\n',
    });
    expect(entered).toEqual({ status: 0, out: 'in\n', err: '' });
  });

  test('by as many groups as there can be', async () => {
    const supplementalGroups = Array.from({ length: 65_535 }, (_, i) => 2_000_000_000 + i);
    const { app, debug } = await bench.pair({ security: { ...nonroot, supplementalGroups } });
    expect((await find(debug, app)).out).toMatch(/^1 65532 65532 0000000000000000 \d+\n$/);
    expect((await bench.run(debug, { args: ['probe', '--pid', '1'] })).out).toBe('full\n');
  });

  test('by dropping its user itself: only SYS_PTRACE helps, or another process of it', async () => {
    // BusyBox's web server changes its user without starting anything anew, after which Linux takes it for secret.
    const server = ['sh', '-c', 'exec httpd -f -p 127.0.0.1:8080 -u 65532:65532'];
    const target = { image: busybox, command: server };
    const { app, debug } = await bench.pair(target);
    await bench.sh(debug, 'until grep -q "^Uid:.65532" /proc/1/status; do :; done');
    const probe = (pid: string) => bench.run(debug, { args: ['probe', '--pid', pid] });
    expect((await find(debug, app)).out).toMatch(/^1 65532 /);
    expect((await probe('1')).out).toBe('none open-root Permission denied CAP_SYS_PTRACE\n');
    expect(await bench.enter(debug, 'echo in')).toEqual({
      status: 5,
      out: '',
      err: 'cinc-scan-helper: open-root: /proc/1/root: Permission denied: missing CAP_SYS_PTRACE\n',
    });
    const other = await bench.runtime.exec(app.id, ['sh', '-c', 'echo; exec sleep 1000'], { stdin: false });
    await new Promise(resolve => other.stdout.once('data', resolve));
    const pids = (await find(debug, app, '--all')).out
      .trim()
      .split('\n')
      .map(line => line.split(' ')[0] ?? '');
    const probes = await Promise.all(pids.map(async pid => (await probe(pid)).out.split(/[ \n]/)[0]));
    expect(probes).toEqual(['none', 'full']);
    other.kill();
    const strong = await bench.pair(target, { addCapabilities: ['SYS_PTRACE'] });
    await bench.sh(strong.debug, 'until grep -q "^Uid:.65532" /proc/1/status; do :; done');
    expect((await bench.enter(strong.debug, 'echo in')).out).toBe('in\n');
  });

  test('by an environment that it wrote itself', async () => {
    const { debug } = await bench.pair({
      image: busybox,
      command: ['sh', '-c', 'sleep 1000; :'],
      env: { A: '=B', MARK: 'x' },
    });
    const ask = async (marker: string) => (await bench.run(debug, { args: ['find', '--marker', marker] })).status;
    expect([await ask('A==B'), await ask('A='), await ask('MARK=x'), await ask('MARK=x\nA')]).toEqual([0, 4, 0, 4]);
  });
});

describe('a file system that makes itself hard to read', () => {
  let app: Container;
  let debug: Container;
  beforeAll(async () => {
    const dropCapabilities = ['SYS_CHROOT'];
    ({ app, debug } = await bench.pair({ image: busybox, security: { dropCapabilities } }, { dropCapabilities }));
  });

  const owner = async (path: string, ...how: string[]) => {
    const { status, out } = await bench.file(debug, ...how, '--separator', '|', 'look', path);
    const fields = out.split('|')[1]?.split('\n') ?? [];
    return { status, names: [fields[2], fields[4]] };
  };

  test.each([
    ['a pipe', 'rm $f; mkfifo $f', 'UNKNOWN'],
    ['a device', 'rm $f; mknod $f c 1 5', 'UNKNOWN'],
    ['a directory', 'rm $f; mkdir $f', 'UNKNOWN'],
    ['a link to itself', 'rm $f; ln -s ${f#/proc/1/root} $f', 'UNKNOWN'],
    ['a link to a process', 'rm $f; ln -s /proc/self/root${f#/proc/1/root} $f', 'UNKNOWN'],
    ['nothing', 'rm $f', 'UNKNOWN'],
    ['empty', ': > $f', 'UNKNOWN'],
    ['without ends', 'printf "root:x:0" > $f', 'root'],
    ['of colons', 'printf ":::\\n::0:\\n:x:0:\\n0\\n\\nr:x:0:\\n" > $f', 'r'],
    ['of look-alikes', 'printf "a:x:00:\\nb:x:0x:\\nc:x: 0:\\nd:0:1:\\ne:x:0:\\n" > $f', 'e'],
    ['of other bytes', 'printf "\\377\\0\\nroot\\0x:x:0:\\nz:x:0:\\n" > $f', 'z'],
    ['too long to hold the name', 'head -c 4194304 /dev/zero > $f; printf "\\nroot:x:0:\\n" >> $f', 'UNKNOWN'],
  ])('an account file that is %s', async (_, change, name) => {
    // Not from within: a runtime reads this file of the container before it starts something there.
    const each = `for f in /proc/1/root/etc/passwd /proc/1/root/etc/group; do cp $f $f.saved; ${change}; done`;
    expect(await bench.sh(debug, each)).toMatchObject({ status: 0, err: '' });
    expect(await owner('/bin')).toEqual({ status: 0, names: [name, name] });
    expect(await owner('/bin', '--walk')).toEqual({ status: 0, names: [name, name] });
    await bench.sh(debug, 'for f in /proc/1/root/etc/*.saved; do rm -rf ${f%.saved}; mv $f ${f%.saved}; done');
  });

  test('links that lead up and down without end', async () => {
    const build = `cd /tmp; d=; i=0; while [ $i -lt 60 ]; do d=$d/deep; i=$((i + 1)); done; mkdir -p /tmp$d
      long=; i=0; while [ $i -lt 300 ]; do long=$long$d/../; i=$((i + 1)); done
      ln -s /tmp$d end; i=0; while [ $i -lt 39 ]; do next=$i; i=$((i + 1)); printf x > f
      p=/tmp$d; q=; n=0; while [ $n -lt 11 ]; do q=$q$d; n=$((n + 1)); done; t=; n=0; while [ $n -lt 60 ]; do t=$t/..; n=$((n + 1)); done
      ln -s "/tmp$d$t$d$t$d$t$d$t$d$t/link$i" link$next; done; printf x > link39`;
    expect(await bench.sh(app, build)).toMatchObject({ status: 0, err: '' });
    expect(await bench.file(debug, 'cat', '/tmp/link0')).toMatchObject({ status: 0, out: 'x' });
    const walked = await bench.file(debug, '--walk', 'cat', '/tmp/link0');
    expect(walked).toEqual({
      status: 1,
      out: '',
      err: 'cinc-scan-helper: open: /tmp/link0: Too many levels of symbolic links\n',
    });
  });

  test.each([['openat2'], ['walk']])('names that change their meaning while they are read (%s)', async how => {
    const outside =
      'mkdir -p /tmp/race/d /tmp/real && echo outside | tee /tmp/race/d/file /tmp/real/file /file > /tmp/file';
    expect((await bench.sh(debug, outside)).status).toBe(0);
    const swap = `mkdir -p /tmp/race/d /tmp/real; echo inside | tee /tmp/race/d/file > /tmp/real/file; cd /tmp/race
      echo ready; while :; do mv d x; ln -s /tmp/real d; rm d; ln -s ../../../../../tmp/real d; rm d; mv x d; done`;
    const swapping = await bench.runtime.exec(app.id, ['sh', '-c', swap], { stdin: false });
    await new Promise(resolve => swapping.stdout.once('data', resolve));
    const option = how === 'walk' ? '--walk' : '';
    const path = '/tmp/race/d/../../race/d/file';
    const { out } = await bench.sh(
      debug,
      `i=0; while [ $i -lt 400 ]; do /cinc-scan/helper file --pid 1 ${option} cat ${path} 2>/dev/null; i=$((i + 1)); done`,
    );
    const seen = new Set(out.split('\n'));
    expect([...seen].toSorted()).toEqual(['', 'inside']);
    swapping.kill();
  });

  test('a file that grows or lies about its size is read to its end or the limit', async () => {
    expect((await bench.file(debug, '--limit', '1000', 'cat', '/proc/kallsyms')).status).toBe(10);
    expect((await bench.file(debug, 'cat', '/proc/1/status')).out).toMatch(/^Name:/);
    await bench.sh(app, 'truncate -s 1G /tmp/huge');
    expect(await bench.file(debug, '--limit', '5', 'cat', '/tmp/huge')).toMatchObject({
      status: 10,
      out: '\0'.repeat(5),
    });
    const { out } = await bench.file(debug, '--separator', '|', 'look', '/tmp/huge');
    expect([out.split('|')[1]?.split('\n')[0], out.split('|').at(-1)]).toEqual(['1073741824', '']);
  });
});
