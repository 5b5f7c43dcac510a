// SPDX-License-Identifier: Apache-2.0
// Scripts that go with a command and run behind it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommandTimeout } from './asking.ts';
import type { CommandAnswer } from './framing.ts';
import { Meter } from './meter.ts';
import { Session } from './session.ts';
import { type LocalShells, startLocalShells } from './testing/local-shells.ts';
import { ask, commands, type Shown, show, stateOf } from './testing/shown.ts';

const folder = mkdtempSync(join(tmpdir(), 'behind-'));
let shells: LocalShells;

beforeAll(async () => {
  shells = await startLocalShells();
});
afterAll(async () => {
  await shells[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** What came of a script behind a command. */
function behind(script: string) {
  const told = Promise.withResolvers<Shown | undefined>();
  const tell = (answer: CommandAnswer | undefined) => told.resolve(answer && show(answer));
  return { behind: { script, tell }, answer: told.promise };
}

describe.each([[['dash']], [['bash']], [['busybox', 'ash']], [['bash', '--posix']]])('a session over %j', shell => {
  let session: Session;
  let before: Shown;

  beforeAll(async () => {
    session = await Session.open(shells.entry(shell), new Meter());
    before = await stateOf(session);
  });
  afterAll(() => session[Symbol.asyncDispose]());

  test.each(commands)('%s, and answers what goes behind it', async (_name, command, expected) => {
    const { answer, ...options } = behind('echo behind; echo err >&2; exit 3');
    expect(await ask(session, command, options)).toMatchObject(expected);
    expect(await answer).toEqual({ status: 3, out: 'behind\n', err: 'err\n' });
    expect(await stateOf(session)).toEqual(before);
  });

  test('answers a command before what goes behind it, and the next command afterwards', async () => {
    const go = join(folder, `go-${shell.join('-')}`);
    const { answer, ...options } = behind(`while [ ! -e ${go} ]; do sleep 0.01; done; echo behind`);
    expect(await ask(session, 'echo first', options)).toMatchObject({ out: 'first\n' });
    const next = ask(session, 'echo next');
    writeFileSync(go, '');
    expect(await answer).toMatchObject({ out: 'behind\n' });
    expect(await next).toMatchObject({ out: 'next\n' });
  });

  test('tells that nothing came of what goes behind a command that took too long', async () => {
    const { answer, ...options } = behind('echo behind');
    await expect(session.run('sleep 1000', { timeoutMs: 200, ...options })).rejects.toThrow(CommandTimeout);
    expect(await answer).toBeUndefined();
    expect(await stateOf(session)).toEqual(before);
  });

  test('outlives the end of its shell behind a command', async () => {
    const { answer, ...options } = behind('kill -9 $$');
    expect(await ask(session, 'echo first', options)).toMatchObject({ out: 'first\n' });
    expect(await answer).toBeUndefined();
    expect(await stateOf(session)).toEqual(before);
    expect(session.lost).toBeUndefined();
  });
});
