// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ScanError } from '../errors/index.ts';
import { CommandTimeout } from './asking.ts';
import { Meter } from './meter.ts';
import { Session } from './session.ts';
import { type ShellEntry } from './shell-entry.ts';
import { type LocalShells, startLocalShells } from './testing/local-shells.ts';
import { ask, commands, type Shown, stateOf } from './testing/shown.ts';

const folder = mkdtempSync(join(tmpdir(), 'session-'));
let shells: LocalShells;

beforeAll(async () => {
  shells = await startLocalShells();
});
afterAll(async () => {
  await shells[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function openShell(command = ['sh'], more: Partial<ShellEntry> = {}) {
  const meter = new Meter();
  return { session: await Session.open(shells.entry(command, more), meter), meter };
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe.each([[['dash']], [['bash']], [['busybox', 'ash']], [['bash', '--posix']]])('a session over %j', shell => {
  let session: Session;
  let before: Shown;

  beforeAll(async () => {
    ({ session } = await openShell(shell));
    before = await stateOf(session);
  });
  afterAll(() => session[Symbol.asyncDispose]());

  test.each(commands)('%s', async (_name, command, expected) => {
    expect(await ask(session, command)).toMatchObject(expected);
    expect(await stateOf(session)).toEqual(before);
  });

  test('brings binary answers of 3 MB whole, NUL bytes included', async () => {
    const script =
      'i=0; while [ $i -lt 3 ]; do head -c 1048576 /dev/zero; printf "\\377\\n\\000\\200"; i=$((i+1)); done';
    const { stdout } = await session.run(script);
    expect(stdout.length).toBe(3 * (1048576 + 4));
    expect(stdout.subarray(1048576, 1048580)).toEqual(Buffer.from([255, 10, 0, 128]));
  });

  test('takes commands of 200 kB', async () => {
    const text = "it's long\n".repeat(20_000);
    const command = `printf %s '${text.replaceAll("'", "'\\''")}'`;
    expect((await session.run(command)).stdout.toString()).toBe(text);
  });

  test('answers questions that were asked at once, each its own', async () => {
    const asked = Array.from({ length: 30 }, (_, index) => `echo ${index}; echo ${index} >&2; exit ${index}`);
    const answers = await Promise.all(asked.map(command => ask(session, command)));
    expect(answers).toEqual(asked.map((_, index) => ({ status: index, out: `${index}\n`, err: `${index}\n` })));
  });

  test('is over neither strays of a background process nor their end', async () => {
    const late = join(folder, `late-${shell.join('-')}`);
    // Writes once the test lets it, between two commands.
    const wait = `(while [ ! -e ${late} ]; do sleep 0.01; done; echo stray; echo stray >&2; : >${late}.done) &`;
    expect(await ask(session, wait)).toMatchObject({ status: 0, out: '' });
    await ask(session, `: >${late}`);
    await ask(session, `while [ ! -e ${late}.done ]; do sleep 0.01; done`);
    expect(await ask(session, 'echo mine; exit 4')).toEqual({ status: 4, out: 'mine\n', err: '' });
  });

  test('ends a command that takes too long, with all it started, and goes on', async () => {
    const place = join(folder, `pids-${shell.join('-')}`);
    const command = `trap '' TERM INT HUP; sleep 1000 & echo $! >${place}; sleep 1001 | cat`;
    await expect(session.run(command, { timeoutMs: 500 })).rejects.toThrow(CommandTimeout);
    // A signal is on its way when it was sent.
    while (isRunning(Number(readFileSync(place, 'utf8')))) await setImmediate();
    expect(await stateOf(session)).toEqual(before);
    expect(session.lost).toBeUndefined();
  });

  test('is not over before what it gave up has ended', async () => {
    const asked = Promise.withResolvers<void>();
    const allowed = Promise.withResolvers<void>();
    let ended = false;
    const kill = async () => {
      asked.resolve();
      await allowed.promise;
      ended = true;
    };
    const { session: own } = await openShell(['sh'], { kill });
    const given = own.run('sleep 60', { timeoutMs: 100 }).catch(() => undefined);
    await asked.promise;
    const closed = own[Symbol.asyncDispose]().then(() => ended);
    await setImmediate();
    allowed.resolve();
    expect(await closed).toBe(true);
    await given;
  });
});

describe('a session whose stream ends', () => {
  test('unasked is lost, and stays so', async () => {
    const { session } = await openShell();
    // $$ is the shell of the session, also in a subshell.
    await expect(session.run('kill -9 $$')).rejects.toMatchObject({
      code: 'TARGET_LOST',
      message: expect.stringMatching(/shop\/web\/app ended before the audit was complete: the shell exited with 137/),
    });
    expect(session.lost).toMatchObject({ code: 'TARGET_LOST' });
    await expect(session.run('echo x')).rejects.toBe(session.lost);
  });

  test.each([['kill -9 $PPID; sleep 0.1'], ['kill -9 0']])(
    'by a command of a profile costs that command: %s',
    async command => {
      const { session } = await openShell();
      await expect(session.run(command, { ownShell: true })).rejects.toMatchObject({
        name: 'CommandRefused',
        message: expect.stringMatching(/ended the shell that ran it: the shell exited with 137/),
      });
      expect(session.lost).toBeUndefined();
      expect(await ask(session, 'echo next', { ownShell: true })).toMatchObject({ status: 0, out: 'next\n' });
    },
  );

  test('by a command of a profile is lost where no other shell can be had', async () => {
    const gone = new ScanError('TARGET_CHANGED', 'another one');
    const { session } = await openShell(['sh'], { verify: () => Promise.reject(gone) });
    await expect(session.run('kill -9 0', { ownShell: true })).rejects.toBe(gone);
    expect(session.lost).toBe(gone);
  });

  test('with status 0 is no answer either', async () => {
    const { session } = await openShell(['bash', '-c', 'read -r line; eval "$line"; read -r line; exit 0']);
    await expect(session.run('echo x')).rejects.toMatchObject({ code: 'TARGET_LOST' });
  });

  test('without a status is lost', async () => {
    const { session } = await openShell();
    const running = session.run('sleep 1000');
    shells.cut();
    await expect(running).rejects.toMatchObject({ message: expect.stringMatching(/closed without a status/) });
  });

  test('is opened once more for a question that may be asked twice', async () => {
    const { session, meter } = await openShell();
    const place = join(folder, 'once');
    const opened = shells.opened;
    const command = `[ -e ${place} ] || { : >${place}; kill -9 $$; }; echo second`;
    expect(await ask(session, command, { repeatable: true })).toMatchObject({ status: 0, out: 'second\n' });
    expect({ opened: shells.opened - opened, retries: meter.retries }).toEqual({ opened: 1, retries: 1 });
  });

  test('and ends again is lost', async () => {
    const { session } = await openShell();
    await expect(session.run('kill -9 $$', { repeatable: true })).rejects.toMatchObject({ code: 'TARGET_LOST' });
  });

  test('because the container was replaced says that', async () => {
    const changed = new ScanError('TARGET_CHANGED', 'another one');
    const { session } = await openShell(['sh'], { verify: () => Promise.reject(changed) });
    await expect(session.run('kill -9 $$')).rejects.toBe(changed);
    expect(session.lost).toBe(changed);
  });

  test('by its owner gives no answer any more', async () => {
    const { session } = await openShell();
    await session[Symbol.asyncDispose]();
    await expect(session.run('echo x')).rejects.toMatchObject({ code: 'TARGET_LOST' });
  });
});

describe.each([[['dash']], [['bash']], [['busybox', 'ash']]])('the end of a session over %j', shell => {
  const place = join(folder, `end-${shell.join('-')}`);
  const background = `sleep 1000 & echo $! >${place}; setsid sh -c 'echo $$ >>${place}; exec sleep 1001' & `;

  const written = async () => {
    let lines: string[] = [];
    while (lines.length < 3) {
      await setImmediate();
      lines = existsSync(place) ? readFileSync(place, 'utf8').split('\n') : [];
    }
    return lines.filter(line => line !== '').map(Number);
  };

  afterEach(() => rmSync(place, { force: true }));

  test('ends what commands left in the background, in the group of the shell and out of it', async () => {
    const { session } = await openShell(shell);
    await session.run(background);
    const pids = await written();
    await session[Symbol.asyncDispose]();
    while (pids.some(isRunning)) await setImmediate();
  });

  test.each([
    ['its owner ends it', (session: Session) => session[Symbol.asyncDispose]()],
    ['its stream is lost', () => shells.cut()],
  ])('ends what runs when %s', async (_, end) => {
    const { session } = await openShell(shell);
    const running = session.run(`${background} trap '' TERM INT HUP; sleep 1002 | cat`);
    const failed = expect(running).rejects.toMatchObject({ code: 'TARGET_LOST' });
    const pids = await written();
    await end(session);
    await failed;
    while (pids.some(isRunning)) await setImmediate();
    await session[Symbol.asyncDispose]();
  });
});

describe('what is no shell', () => {
  const strangers: [name: string, command: string[], code: string][] = [
    ['a program that is not there', ['no-such-shell'], 'SHELL_MISSING'],
    ['a program that ends at once', ['true'], 'TARGET_LOST'],
    ['a program that fails at once', ['false'], 'TARGET_LOST'],
  ];
  test.each(strangers)('%s is told by its end', async (_name, command, code) => {
    await expect(openShell(command)).rejects.toMatchObject({ code });
  });

  test('a liar that copies the marks and invents a status is corrupt', async () => {
    // Takes the mark out of the request, as a hostile shell can, and answers at once.
    const liar = `read -r line; n=\${line#*\\'}; n=\${n%%'<'*}; printf '%s<hello\\n%s:ok\\n' "$n" "$n"; cat >/dev/null`;
    await expect(openShell(['bash', '-c', liar])).rejects.toMatchObject({ code: 'TARGET_CORRUPT' });
  });

  test('a liar without a process id is corrupt', async () => {
    const liar = `read -r line; n=\${line#*\\'}; n=\${n%%'<'*}; printf '%s<hello\\n%s:0\\n' "$n" "$n"; printf '%s<\\n%s\\n' "$n" "$n" >&2; cat >/dev/null`;
    await expect(openShell(['bash', '-c', liar])).rejects.toMatchObject({
      code: 'TARGET_CORRUPT',
      message: expect.stringMatching(/no process id/),
    });
  });
});

describe('the meter of a session', () => {
  test('counts commands and bytes, and names the tools that were missing', async () => {
    const { session, meter } = await openShell();
    await session.run('printf 12345; printf 678 >&2');
    await session.run('LC_ALL=C /opt/none/ss -tln');
    await session.run('no-such-tool');
    expect(meter.commands).toBe(3);
    expect([...meter.toolsMissing]).toEqual(['ss', 'no-such-tool']);
    const { stderr } = await session.run('no-such-tool');
    expect(meter.bytes).toBeGreaterThanOrEqual(8 + stderr.length);
  });

  test('counts answers that were cut', async () => {
    const { session, meter } = await openShell();
    const { stdout, truncated } = await session.run('head -c 5000 /dev/zero', { limit: 100 });
    expect({ length: stdout.length, truncated, counted: meter.truncated }).toEqual({
      length: 100,
      truncated: true,
      counted: 1,
    });
    expect(await ask(session, 'echo next')).toMatchObject({ out: 'next\n' });
  });
});
