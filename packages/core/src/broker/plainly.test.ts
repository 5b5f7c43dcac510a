// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { plainly } from './plainly.ts';

/** How often a command was run, and whether its answer is that of a shell of its own. */
async function runs(programs: string[], { status, stderr }: { status: number; stderr: string }) {
  const asked: boolean[] = [];
  const behind: boolean[] = [];
  const run = plainly(programs, ownShell => more => {
    asked.push(ownShell);
    behind.push(more.behind !== undefined);
    return Promise.resolve({ status, stdout: Buffer.from('x'), stderr: Buffer.from(stderr), truncated: false });
  });
  await run({ behind: { script: 'look', tell: () => undefined } });
  return { asked, behind };
}

describe('a command that only reads', () => {
  test.each([
    [['cat'], { status: 0, stderr: '' }],
    [['grep'], { status: 1, stderr: '' }],
    [['grep'], { status: 2, stderr: 'grep: /nope: No such file or directory\n' }],
    [['find'], { status: 1, stderr: 'find: /a: Permission denied\nfind: /b: Permission denied\n' }],
    [['cat', 'wc'], { status: 0, stderr: 'cat: /a: Is a directory\nwc: b: No such file or directory\n' }],
  ])('is run once where its programs alone have spoken: %j %j', async (programs, answer) => {
    expect(await runs(programs, answer)).toEqual({ asked: [false], behind: [true] });
  });

  test.each([
    [['getent'], { status: 127, stderr: 'sh: 1: eval: getent: not found\n' }],
    [['getent'], { status: 127, stderr: '' }],
    [['cat'], { status: 137, stderr: '' }],
    [['test'], { status: 2, stderr: 'sh: 1: eval: test: =: unexpected operator\n' }],
    [['getent', 'wc'], { status: 0, stderr: 'sh: 1: eval: getent: not found\n' }],
    [['cat'], { status: 1, stderr: '/bin/cat: /nope: No such file or directory\n' }],
    [['cat'], { status: 1, stderr: 'cat: a\nb: No such file or directory\n' }],
  ])('is run in a shell of its own, too, where the shell may have: %j %j', async (programs, answer) => {
    expect(await runs(programs, answer)).toEqual({ asked: [false, true], behind: [true, false] });
  });
});
