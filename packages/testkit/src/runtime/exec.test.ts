// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CannotStart, type RunningContainer } from './runtime.ts';
import { at, readFixture } from './testing/fixture.ts';
import { type Bench, distroless, nextText, openBench, openPod, run, sh, startContainer } from './testing/pod.ts';

let bench: Bench;
let app: RunningContainer;
let shellless: RunningContainer;

beforeAll(async () => {
  bench = await openBench('cinc-scan.test/busybox:1', distroless);
  const podUid = await openPod(bench.runtime);
  app = await startContainer(bench.runtime, podUid);
  shellless = await startContainer(bench.runtime, podUid, { image: distroless, name: 'shellless' });
});

afterAll(async () => bench.runtime[Symbol.asyncDispose]());

describe('the bytes of a command', () => {
  test('3 MB of anything come back unchanged, with the same number of bytes', async () => {
    const input = randomBytes(3_000_000);
    const answer = await run(bench.runtime, app.id, { command: ['cat'], input });
    expect(answer.stdout.equals(input)).toBe(true);
    expect(answer.stderr.length).toBe(0);
    expect(answer.exitCode).toBe(0);
  });

  test('3 MB on both outputs at once stay apart', async () => {
    const script = 'head -c 3000000 /dev/zero & head -c 3000000 /dev/zero | tr "\\0" "\\377" >&2; wait';
    const answer = await run(bench.runtime, app.id, { command: ['sh', '-c', script] });
    expect(answer.stdout.equals(Buffer.alloc(3_000_000))).toBe(true);
    expect(answer.stderr.equals(Buffer.alloc(3_000_000, 0xff))).toBe(true);
  });

  test('arguments arrive as they are', async () => {
    const awkward = ['', ' ', '$HOME', "'", '"', '-c', '\n', 'ü', '*'];
    const script = 'for a; do printf "[%s]" "$a"; done';
    const answer = await run(bench.runtime, app.id, { command: ['sh', '-c', script, 'sh', ...awkward] });
    expect(answer.stdout.toString()).toBe(awkward.map(argument => `[${argument}]`).join(''));
  });

  test('a conversation is possible before standard input ends', async () => {
    const exec = await bench.runtime.exec(app.id, ['sh'], { stdin: true });
    exec.stdin.write('echo one\n');
    expect(await nextText(exec.stdout)).toBe('one\n');
    exec.stdin.write('echo two >&2\n');
    expect(await nextText(exec.stderr)).toBe('two\n');
    exec.stdin.end('exit 5\n');
    expect((await exec.ended).exitCode).toBe(5);
  });

  test('standard input that was not asked for is at its end, and writing to it does nothing', async () => {
    const exec = await bench.runtime.exec(app.id, ['cat'], { stdin: false });
    exec.stdin.write('lost');
    exec.stdout.resume();
    expect((await exec.ended).exitCode).toBe(0);
  });

  test('writing to a command that has ended is no error', async () => {
    const exec = await bench.runtime.exec(app.id, ['true'], { stdin: true });
    await exec.ended;
    const written = new Promise(resolve => exec.stdin.write('late', resolve));
    await written;
    expect(exec.stdin.writable).toBe(false);
  });
});

describe('the end of a command', () => {
  const ends: [string, number, number | undefined][] = [
    ['exit 0', 0, undefined],
    ['exit 3', 3, undefined],
    ['exit 100', 100, undefined],
    ['exit 255', 255, undefined],
    ['nothere', 127, undefined],
    ['/etc/passwd', 126, undefined],
    ['kill -9 $$', 137, 9],
    ['kill -15 $$', 143, 15],
    ['kill -11 $$', 139, 11],
  ];
  test.each(ends)('%s is reported as %i', async (script, exitCode, signal) => {
    const { exitCode: code, signal: by } = await run(bench.runtime, app.id, { command: ['sh', '-c', script] });
    expect({ code, by }).toEqual({ code: exitCode, by: signal });
  });

  test('kill ends this command and no other', async () => {
    const doomed = await bench.runtime.exec(app.id, ['sleep', '1001'], { stdin: false });
    const other = await bench.runtime.exec(app.id, ['sleep', '1002'], { stdin: false });
    doomed.kill();
    expect(await doomed.ended).toEqual({ exitCode: 137, signal: 9, oomKilled: false });
    expect(await sh(bench.runtime, app.id, 'ps | grep -o "sleep 100[12]$"')).toBe('sleep 1002');
    other.kill();
    await other.ended;
    other.kill();
  });

  test('what a killed command left behind does not hold up its end', async () => {
    const exec = await bench.runtime.exec(app.id, ['sh', '-c', 'sleep 1003 & echo up; wait'], { stdin: false });
    await nextText(exec.stdout);
    exec.kill();
    expect((await exec.ended).exitCode).toBe(137);
    expect(await sh(bench.runtime, app.id, 'ps | grep -o "sleep 1003$"')).toBe('sleep 1003');
  });
});

describe('a command that cannot be started', () => {
  const marker = 'OCI runtime exec failed: ';

  async function recordedWords(name: string): Promise<string> {
    const entry = (await readFixture('exec.json')).find(each => at(each, 'name') === name);
    const status: unknown = JSON.parse(String(at(entry, 'exec', 'frames', -1, 'text')));
    return String(at(status, 'message')).split(marker).at(-1) ?? '';
  }

  const refusals: [string, () => string, string[]][] = [
    ['missing executable', () => app.id, ['nothere']],
    ['missing executable, absolute path', () => app.id, ['/no/where']],
    ['not executable', () => app.id, ['/etc/passwd']],
    ['a directory', () => app.id, ['/etc']],
    ['distroless: sh', () => shellless.id, ['sh', '-c', 'id']],
    ['distroless: /bin/sh', () => shellless.id, ['/bin/sh']],
    ['no command', () => app.id, []],
  ];
  test.each(refusals)('is refused in the recorded words: %s', async (name, id, command) => {
    const refusal: unknown = await bench.runtime.exec(id(), command, { stdin: true }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(CannotStart);
    expect(String(refusal)).toBe(`CannotStart: ${marker}${await recordedWords(name)}`);
  });

  test('does not stop an executable of a container without a shell from being run', async () => {
    const answer = await run(bench.runtime, shellless.id, { command: ['/usr/bin/catatonit', '--version'] });
    expect(answer.stdout.toString()).toContain('catatonit');
  });
});
