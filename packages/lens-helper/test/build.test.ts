// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container } from './testing/bench.ts';

const helper = join(import.meta.dirname, '..');
const sources = join(helper, 'src');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cinc-scan-build-'));
});

afterAll(async () => rm(folder, { recursive: true }));

interface Ended {
  status: number;
  out: string;
  err: string;
}

function run(program: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise(resolve => {
    const options = {
      env: { PATH: process.env['PATH'] ?? '', ASAN_OPTIONS: 'detect_leaks=0', ...env },
      encoding: 'latin1' as const,
      maxBuffer: 1e8,
    };
    const child = execFile(program, args, options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
    child.stdin?.end();
  });
}

describe('the build', () => {
  test('gives one static program, the same bytes from any folder', async () => {
    const copy = join(folder, 'a folder', 'elsewhere');
    await mkdir(join(folder, 'a folder'));
    await cp(helper, copy, { recursive: true, filter: name => !name.startsWith(join(helper, 'test')) });
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    expect(await run(join(helper, 'build.sh'), [one])).toEqual({ status: 0, out: '', err: '' });
    expect(await run(join(copy, 'build.sh'), [two], { TZ: 'Asia/Tokyo', LANG: 'C.UTF-8' })).toMatchObject({
      status: 0,
    });
    const bytes = await readFile(one);
    expect(bytes.equals(await readFile(two))).toBe(true);
    expect(bytes.length).toBeLessThan(1_500_000);
    expect(bytes.includes(folder) || bytes.includes(sources)).toBe(false);
    expect((await run(one, [])).err).toMatch(/^usage:\n/);
    expect((await run(one, [])).status).toBe(2);
  });

  test('says which package is missing', async () => {
    const answer = await run(join(helper, 'build.sh'), [join(folder, 'three')], { CC: 'no-such-compiler' });
    expect(answer.status).toBe(3);
    expect(answer.err).toBe('"no-such-compiler" is not installed: install the Debian packages gcc and libc6-dev\n');
  });

  test('has every exit code in the table of the README, and no other is there', async () => {
    const header = await readFile(join(sources, 'helper.h'), 'latin1');
    const declared = [...header.matchAll(/^ {2}EXIT_\w+ = (\d+),$/gm)].map(match => Number(match[1]));
    const readme = await readFile(join(helper, 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| +(\d+) +\|/gm)].map(match => Number(match[1]));
    expect(listed).toEqual([0, ...declared]);
    expect(declared.length).toBeGreaterThan(10);
  });

  test('sources are no longer than 300 lines', async () => {
    const names = (await readdir(sources)).filter(name => /\.[ch]$/.test(name));
    for (const name of names)
      expect({ name, short: (await readFile(join(sources, name), 'latin1')).split('\n').length <= 300 }).toEqual({
        name,
        short: true,
      });
    expect(names.length).toBeGreaterThan(8);
  });
});

describe('with the compiler watching every access', () => {
  let bench: Bench;
  let app: Container;
  let watched: string;

  beforeAll(async () => {
    bench = await Bench.open();
    watched = join(folder, 'watched');
    const CFLAGS = '-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all';
    expect(await run(join(helper, 'build.sh'), [watched], { CFLAGS })).toEqual({ status: 0, out: '', err: '' });
    app = await bench.start(await bench.pod(), {
      image: busybox,
      env: { MARK: 'x'.repeat(100_000) },
      security: { uid: 1000, gid: 1000, supplementalGroups: Array.from({ length: 5000 }, (_, i) => i) },
    });
    const make = `cd /tmp; ln -s a b; ln -s b a; ln -s /tmp/x/../y/../../etc/passwd z; mkdir x y; mkfifo p; printf xyz > x/f
      ln -s ${'/x'.repeat(2040)} wide; n=${'n'.repeat(255)}; printf x > $n; ln -s $n long; mkdir many; cd many
      i=0; while [ $i -lt 500 ]; do : > "file $i"; i=$((i + 1)); done`;
    expect((await bench.sh(app, make)).err).toBe('');
  });

  afterAll(async () => bench[Symbol.asyncDispose]());

  const paths = [
    '/',
    '',
    '.',
    '..',
    '/tmp/a',
    '/tmp/z',
    '/tmp/p',
    '/tmp/x/f',
    '/tmp/wide',
    '/tmp/long',
    '/tmp/long/',
    '/tmp/many',
    '/proc/self/status',
  ].concat(
    '/proc/self/fd/0',
    '/proc/net/tcp',
    '/dev/null',
    '/etc/shadow',
    `/${'y'.repeat(255)}`,
    `/${'y'.repeat(256)}`,
    '/tmp/'.repeat(818),
    'x'.repeat(5000),
  );

  test('every question about every kind of path ends as it should', async () => {
    for (const how of [[], ['--walk']])
      for (const question of ['cat', 'look', 'list'])
        for (const path of paths) {
          const { status, err } = await run(watched, ['file', '--pid', String(app.pid), ...how, '--', question, path]);
          expect({ question, path, err }).toEqual({
            question,
            path,
            err: status === 0 ? '' : expect.stringMatching(/^cinc-scan-helper: [^\n]*\n$/),
          });
          expect([0, 1, 9]).toContain(status);
        }
  });

  test('so do finding, probing, entering and waiting', async () => {
    const found = await run(watched, ['find', '--container-id', app.id]);
    expect(found).toMatchObject({ status: 0, err: '' });
    expect(found.out).toMatch(new RegExp(`^${app.pid} 1000 1000 `));
    const marked = await run(watched, ['find', '--marker', `MARK=${'x'.repeat(100_000)}`, '--all']);
    expect(marked).toMatchObject({ status: 0, err: '', out: found.out });
    expect(await run(watched, ['find', '--marker', 'MARK=', '--wait-ms', '30'])).toMatchObject({ out: '' });
    const pid = ['--pid', String(app.pid)];
    expect(await run(watched, ['probe', ...pid])).toEqual({ status: 0, out: 'full\n', err: '' });
    const words = ['--shell', '/bin/busybox', '--', 'sh', '-c', 'sleep 1000 & readlink /etc/passwd; id -u; exit 4'];
    expect(await run(watched, ['enter', ...pid, '--target-environ', ...words])).toEqual({
      status: 4,
      out: '0\n',
      err: '',
    });
    expect(await run(watched, ['idle', '--deadline-seconds', '0'])).toEqual({ status: 0, out: '', err: '' });
    expect((await run(watched, ['enter', ...pid])).status).toBe(2);
    const script = 'cat /proc/self/mounts; id -u';
    const asTarget = ['--as-target', '--mark', 'm', '--shell', '/bin/busybox', '--', 'sh', '-c', script];
    expect(await run(watched, ['enter', ...pid, ...asTarget])).toEqual({
      status: 0,
      out: expect.stringMatching(/ \/dev\/shm tmpfs [^]*\n1000\n$/),
      err: '',
    });
    expect(await run(watched, ['enter', ...pid, '--without-mounts', ...asTarget])).toEqual({
      status: 0,
      out: '1000\n',
      err: expect.stringMatching(/\nm!\w+: it cannot see the mounts of the target from beside it\n/),
    });
  });
});
