// SPDX-License-Identifier: Apache-2.0
// What the scripts make of paths that nobody may look at, and of tools that do not finish.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lookAheadScript, lookScript, parseLook, parseLookAhead } from './look-script.ts';
import { isOfKernel, kindCommand, parseRead } from './read-script.ts';
import { execute, lookAt, nobody, readAt, shells, toAnswer } from './testing/asking.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unfinished-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'plain'), 'first\nsecond\n');
  writeFileSync(join(folder, 'closed'), 'secret\n', { mode: 0o600 });
  symlinkSync('plain', join(folder, 'link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  mkdirSync(join(folder, 'locked/inner'), { recursive: true });
  writeFileSync(join(folder, 'locked/inner/file'), 'secret\n');
  symlinkSync('locked/inner/file', join(folder, 'into-locked'));
  symlinkSync('locked/inner', join(folder, 'around-locked'));
  mkdirSync(join(folder, 'listed'));
  writeFileSync(join(folder, 'listed/file'), 'x');
  chmodSync(join(folder, 'locked'), 0o700);
  chmodSync(join(folder, 'listed'), 0o744);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(shells)('a path that a user may not get to, by %j', shell => {
  const asNobody = { shell, uid: nobody };
  const unknown = { kind: 'unknown', reason: 'Permission denied', isClosed: true };
  const hidden = [
    'locked/no',
    'locked/inner/file',
    'locked/inner/x/y',
    'around-locked/file',
    'listed/file',
    'listed/no',
  ];

  test.each([...hidden, 'locked/no: No such file', 'locked/x: No such file or directory/y'])(
    'is neither there nor absent: %s',
    name => expect(lookAt(asNobody, join(folder, name))).toEqual(unknown),
  );

  test('is still there or absent where the folder is open', () => {
    for (const [name, present] of [
      ['locked', true],
      ['listed', true],
      ['no', false],
      ['plain/x', false],
    ] as const)
      expect(lookAt(asNobody, join(folder, name))).toMatchObject({ kind: 'look', look: { present } });
  });

  test('keeps what a link leads to from being known, and the link itself is', () => {
    const found = lookAt(asNobody, join(folder, 'into-locked'));
    expect(found).toMatchObject({ look: { present: true, target: null, hidden: 'Permission denied' } });
    expect(lookAt(asNobody, join(folder, 'dangling'))).not.toHaveProperty('look.hidden');
  });

  test('is not known ahead either', () => {
    const script = lookAheadScript([...hidden, 'no', 'plain'].map(name => join(folder, name)));
    const looks = parseLookAhead(toAnswer(execute(asNobody, script.command)), script, hidden.length + 2);
    expect(looks.map(each => each?.present)).toEqual([...hidden.map(() => undefined), false, true]);
  });

  test('is told as closed when it is read', () => {
    for (const name of ['closed', 'locked/inner/file', 'into-locked'])
      expect(readAt(asNobody, join(folder, name))).toEqual({ kind: 'closed', reason: 'Permission denied' });
    expect(readAt(asNobody, join(folder, 'no'))).toEqual({ kind: 'nothing' });
  });

  test('is no address to connect to', () => {
    expect(lookAt(asNobody, '/dev/tcp/127.0.0.1/1')).toMatchObject({ kind: 'look', look: { present: false } });
  });
});

describe.each(shells)('a tool that did not finish, by %j', shell => {
  const tool = (name: string, body: string) => `${name}() { ${body}; }; `;
  const look = (before: string, name: string) => lookAt({ shell }, join(folder, name), before);
  const read = (before: string, name: string) => readAt({ shell }, join(folder, name), before);
  const killed = 'sh -c "kill -9 \\$\\$"';
  const diskError = 'echo "cat: $2: Input/output error" >&2; return 1';

  test('brings no content ahead: killed, failed, or short of the size', () => {
    for (const body of [
      killed,
      `command cat "$@"; ${killed}`,
      `printf fir; ${diskError}`,
      'printf first',
      'echo longer; command cat "$@"',
    ])
      expect(look(tool('cat', body), 'plain')).toMatchObject({ kind: 'look', content: undefined });
  });

  test('does not read a file: killed, an error of the disk, a status of its own', () => {
    expect(read(tool('cat', killed), 'plain')).toEqual({ kind: 'failed', reason: 'cat was ended by signal 9' });
    expect(read(tool('cat', `command cat "$@"; ${killed}`), 'plain')).toMatchObject({ kind: 'failed' });
    expect(read(tool('cat', diskError), 'plain')).toEqual({ kind: 'failed', reason: 'Input/output error' });
    expect(read(tool('cat', 'return 1'), 'plain')).toEqual({ kind: 'failed', reason: 'cat ended with status 1' });
    expect(read(tool('cat', 'return 3'), 'plain')).toMatchObject({ kind: 'failed' });
    expect(read(tool('cat', 'return 127'), 'plain')).toEqual({ kind: 'tool-missing', tool: 'cat' });
    expect(read(tool('cat', 'return 126'), 'plain')).toEqual({ kind: 'tool-missing', tool: 'cat' });
    expect(read(tool('cat', 'printf first'), 'plain')).toMatchObject({ kind: 'short' });
    expect(read(tool('stat', killed), 'plain')).toMatchObject({ kind: 'failed', reason: 'stat was ended by signal 9' });
  });

  test('reads files that have grown, that have no size, and those of the kernel', () => {
    expect(read(tool('stat', 'echo 3'), 'plain')).toMatchObject({ kind: 'content' });
    for (const path of ['/proc/self/status', '/sys/kernel/mm/transparent_hugepage/enabled', '/dev/null'])
      expect(readAt({ shell }, path)).toMatchObject({ kind: 'content' });
    const kind = execute({ shell }, kindCommand('/sys/kernel'));
    expect(isOfKernel(toAnswer(kind))).toBe(true);
    expect(isOfKernel(toAnswer(execute({ shell }, kindCommand(folder))))).toBe(false);
  });

  test('tells nothing of a path: stat or readlink that were killed', () => {
    expect(look(tool('stat', killed), 'plain')).toEqual({ kind: 'tool-failed', reason: 'stat was ended by signal 9' });
    expect(look(tool('stat', `case $* in *-L*) ${killed} ;; *) command stat "$@" ;; esac`), 'link')).toMatchObject({
      kind: 'tool-failed',
    });
    expect(look(tool('readlink', killed), 'link')).toMatchObject({
      look: { unread: expect.stringContaining('signal 9') },
    });
    expect(look(tool('readlink', 'return 127'), 'plain')).not.toHaveProperty('look.unread');
    const script = lookAheadScript([join(folder, 'plain')]);
    // The script ends as stat does: it becomes it.
    const ahead = toAnswer(execute({ shell }, script.command));
    expect(parseLookAhead(ahead, script, 1)).toMatchObject([{ present: true }]);
    expect(parseLookAhead({ ...ahead, status: 137 }, script, 1)).toEqual([undefined]);
  });

  test('that is the shell itself leaves no answer', () => {
    const script = lookScript(join(folder, 'plain'));
    const answer = toAnswer(execute({ shell }, script.command));
    for (const end of [1, 20, answer.stdout.length - 8])
      expect(parseLook({ ...answer, status: 137, stdout: answer.stdout.subarray(0, end) }, script)).toEqual({
        kind: 'unanswered',
      });
    expect(parseRead({ ...answer, status: 137 }, script)).toMatchObject({ kind: 'failed' });
  });
});
