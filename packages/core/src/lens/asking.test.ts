// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { askInTurn } from './asking.ts';
import type { ShellStream } from './shell-entry.ts';

const request = { timeoutMs: 60_000, limit: 1000, signal: undefined };

/** A stream on which nothing comes; its end is told by hand. */
function makeStream(): { stream: ShellStream; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<Awaited<ShellStream['ended']>>();
  const stream: ShellStream = {
    onStdout: () => undefined,
    onStderr: () => undefined,
    write: () => Promise.resolve(),
    ended: promise,
    close: () => Promise.resolve(),
  };
  return { stream, end: () => resolve({ kind: 'exited', code: 0 }) };
}

test('the end of a stream is told to those who asked last, and to those who ask then', async () => {
  const { stream, end } = makeStream();
  askInTurn(stream, [{ ...request, body: 'a' }]);
  const [second, third] = askInTurn(stream, [
    { ...request, body: 'b' },
    { ...request, body: 'c' },
  ]);
  const told = Promise.allSettled([second.answer(), third?.answer()]);
  end();
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const [late] = askInTurn(stream, [{ ...request, body: 'd' }]);
  await expect(late.answer()).rejects.toThrow('the shell exited with 0');
});

test('what was asked before is let go of', async () => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const { stream } = makeStream();
  const first = new WeakRef(askInTurn(stream, [{ ...request, body: 'a' }])[0]);
  askInTurn(stream, [{ ...request, body: 'b' }]);
  await new Promise(setImmediate); // a WeakRef holds its object until the end of the task that made it
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  expect(first.deref()).toBeUndefined();
});
