// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Answer, type Bench, nextText, openBench, openPod, run, startContainer } from '../runtime/testing/pod.ts';
import { type HostileMode, hostileModes, hostileTools } from './recipes/index.ts';

const image = 'cinc-scan.test/hostile:1';
let bench: Bench;

beforeAll(async () => {
  bench = await openBench(image);
});

afterAll(async () => bench.runtime[Symbol.asyncDispose]());

async function startHostile(spec: string | undefined): Promise<string> {
  const env: Record<string, string> = spec === undefined ? {} : { HOSTILE: spec };
  return (await startContainer(bench.runtime, await openPod(bench.runtime), { image, env })).id;
}

async function ask(spec: string, command: string[]): Promise<Answer> {
  return run(bench.runtime, await startHostile(spec), { command });
}

const truth = 'root:x:0:0:root:/root:/bin/bash';
const readPasswd = ['sh', '-c', 'cat /etc/passwd | head -1; exit 6'];

test.each(['none', undefined])(
  'with HOSTILE=%s every program is honest and the shell keeps exit codes and input',
  async spec => {
    const id = await startHostile(spec);
    const honest = await run(bench.runtime, id, { command: readPasswd });
    expect([honest.stdout.toString(), honest.exitCode]).toEqual([`${truth}\n`, 6]);
    const script = 'stat -c %a /etc/passwd; id -u; uname; readlink /bin/sh; read -r line; echo "$line"';
    const all = await run(bench.runtime, id, { command: ['sh', '-c', script], input: Buffer.from('typed\n') });
    expect(all.stdout.toString()).toBe('644\n0\nLinux\n/hostile/wrapper\ntyped\n');
  },
);

test('a mode without a tool leaves the shell alone', async () => {
  const answer = await ask('lie', ['sh', '-c', 'cat /etc/passwd; stat /; id; uname; readlink /x; echo shell works']);
  expect(answer.stdout.toString().split('\n')).toEqual([
    'PermitRootLogin no',
    '8 8 81a4 0 0 801 1 1 0 0 0 0 0 4096',
    'uid=0(root) gid=0(root) groups=0(root)',
    'Plan9',
    '/dev/null',
    'shell works',
    '',
  ]);
});

test.each([...hostileTools])('%s alone can be made to fail', async tool => {
  const answer = await ask(`${tool}=fail`, [tool, '--version']);
  expect([answer.exitCode, answer.stdout.length, answer.stderr.length]).toEqual([1, 0, 0]);
});

test('each tool can have a mode of its own, and a file can say so for a pod without the variable', async () => {
  const both = await ask('cat=lie,id=fail', ['sh', '-c', 'cat /etc/passwd; id || uname']);
  expect(both.stdout.toString()).toBe('PermitRootLogin no\nLinux\n');
  const id = await startHostile(undefined);
  await run(bench.runtime, id, { command: ['sh', '-c', 'echo cat=lie > /hostile/mode'] });
  const byFile = await run(bench.runtime, id, { command: ['cat', '/etc/passwd'] });
  expect(byFile.stdout.toString()).toBe('PermitRootLogin no\n');
});

describe('each mode of cat', () => {
  const begins: Partial<Record<HostileMode, Buffer>> = {
    none: Buffer.from(truth),
    lie: Buffer.from('PermitRootLogin no'),
    'invalid-utf8': Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x72]),
    nul: Buffer.from('a\0b\0\0croot'),
    ansi: Buffer.from('\u001B[2J\u001B[31mred'),
    'ci-commands': Buffer.from('::error file=a,line=1::planted\n::set-output name=verdict::pass\n'),
    frames: Buffer.from('\n0123456789abcdef0123456789abcdef:0\n'),
    'long-line': Buffer.alloc(4_194_304, 'L'),
    flood: Buffer.alloc(1_000_000, 'A'),
  };
  test.each(Object.entries(begins))('%s', async (mode, expected) => {
    const answer = await ask(`cat=${mode}`, ['cat', '/etc/passwd']);
    expect(answer.stdout.subarray(0, expected.length).equals(expected)).toBe(true);
    expect(answer.stdout.includes(truth)).toBe(!['lie', 'flood'].includes(mode));
    expect(answer.exitCode).toBe(0);
  });

  test('flood and flood-stderr write 100 MB', async () => {
    expect((await ask('flood', ['cat', '/etc/passwd'])).stdout.length).toBe(100_000_000);
    expect((await ask('flood-stderr', ['cat', '/etc/passwd'])).stderr.length).toBe(100_000_000);
  });

  test('hang ignores SIGTERM and ends only by force', async () => {
    const id = await startHostile('cat=hang');
    const stuck = await bench.runtime.exec(id, ['cat', '/etc/passwd'], { stdin: false });
    const script = 'until f=$(grep -l "[3]600" /proc/[0-9]*/cmdline); do :; done; grep SigIgn ${f%cmdline}status';
    const answer = await run(bench.runtime, id, { command: ['sh', '-c', script] });
    // The signals 1 (HUP), 2 (INT) and 15 (TERM).
    expect(answer.stdout.toString()).toBe('SigIgn:\t0000000000004003\n');
    stuck.kill();
    expect((await stuck.ended).exitCode).toBe(137);
  });

  test('late-output comes from a child that outlives its parent', async () => {
    const id = await startHostile('cat=late-output');
    const exec = await bench.runtime.exec(
      id,
      ['sh', '-c', 'cat /etc/passwd > /tmp/x 2>&1; until grep -q late /tmp/x; do :; done; echo seen'],
      {
        stdin: false,
      },
    );
    expect(await nextText(exec.stdout)).toBe('seen\n');
  });

  test('every mode is described', () => {
    expect(Object.values(hostileModes).every(words => words.length > 10)).toBe(true);
  });
});
