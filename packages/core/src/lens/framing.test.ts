// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  AnswerReader,
  type CommandAnswer,
  FrameMismatch,
  inOwnShell,
  inSession,
  makeNonce,
  requestLine,
} from './framing.ts';

const nonce = 'a1'.repeat(16);
const limit = 1024 * 1024;

interface Channels {
  stdout: Buffer;
  stderr: Buffer;
}

/** What a shell puts on the two channels for an answer. */
function framed({ status, stdout, stderr }: { status: number | string; stdout: Buffer; stderr: Buffer }): Channels {
  return {
    stdout: Buffer.concat([Buffer.from(`${nonce}<`), stdout, Buffer.from(`\n${nonce}:${status}\n`)]),
    stderr: Buffer.concat([Buffer.from(`${nonce}<`), stderr, Buffer.from(`\n${nonce}\n`)]),
  };
}

/** Feeds both channels in pieces that end at the given places. */
function read({ stdout, stderr }: Channels, cuts: number[] = [], reader = new AnswerReader(nonce, limit)) {
  for (const piece of pieces(stdout, cuts)) reader.takeStdout(piece);
  for (const piece of pieces(stderr, cuts)) reader.takeStderr(piece);
  return reader.answer();
}

function pieces(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const empty = Buffer.alloc(0);
const answer = (more: Partial<CommandAnswer>): CommandAnswer => ({
  status: 0,
  stdout: empty,
  stderr: empty,
  truncated: false,
  ...more,
});

// Bytes that are dangerous to a reader of marks: parts of marks, line ends, NUL, invalid UTF-8.
const hostileBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom('\n', '\n\n', '\0', nonce, `\n${nonce}`, `${nonce}<`, nonce.slice(0, 31), '\r\n', '\u001b[2J')
        .map(text => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map(parts => Buffer.concat(parts))
  // The marks themselves cannot be in it: the nonce is new for each request.
  .filter(bytes => !bytes.includes(`\n${nonce}:`) && !bytes.includes(`\n${nonce}\n`))
  .filter(bytes => !Buffer.concat([bytes, Buffer.from('\n')]).includes(`\n${nonce}\n`));

describe('an answer between marks', () => {
  test('is the same however the network splits it', () => {
    fc.assert(
      fc.property(
        hostileBytes,
        hostileBytes,
        fc.record({ status: fc.integer({ min: 0, max: 255 }), cuts: fc.array(fc.nat(), { maxLength: 20 }) }),
        (stdout, stderr, { status, cuts }) => {
          expect(read(framed({ status, stdout, stderr }), cuts)).toEqual(answer({ status, stdout, stderr }));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is the same byte by byte', () => {
    const given = { status: 3, stdout: Buffer.from([0, 255, 10, 10, 13, 0]), stderr: Buffer.from(`\n${nonce}x`) };
    const channels = framed(given);
    expect(read(channels, [...channels.stdout.keys()])).toEqual(answer(given));
  });

  test('is complete only when both channels are', () => {
    const { stdout, stderr } = framed({ status: 0, stdout: Buffer.from('out'), stderr: Buffer.from('err') });
    const reader = new AnswerReader(nonce, limit);
    reader.takeStdout(stdout);
    expect(reader.answer()).toBeUndefined();
    reader.takeStderr(stderr.subarray(0, -1));
    expect(reader.answer()).toBeUndefined();
    reader.takeStderr(stderr.subarray(-1));
    expect(reader.answer()).toMatchObject({ stdout: Buffer.from('out'), stderr: Buffer.from('err') });
  });

  test('is free of what strays before its start mark and after its end', () => {
    const { stdout, stderr } = framed({ status: 0, stdout: Buffer.from('mine'), stderr: empty });
    const noisy = {
      stdout: Buffer.concat([Buffer.from(`late of another\n${'b2'.repeat(16)}:0\n`), stdout, Buffer.from('later\n')]),
      stderr: Buffer.concat([Buffer.from('noise'), stderr, Buffer.from('more')]),
    };
    expect(read(noisy)).toEqual(answer({ stdout: Buffer.from('mine') }));
  });

  test('takes nothing for a mark that belongs to another request', () => {
    const other = 'b2'.repeat(16);
    const stdout = Buffer.from(`\n${other}:0\n${other}<\n${other}\n`);
    expect(read(framed({ status: 1, stdout, stderr: stdout }))).toEqual(answer({ status: 1, stdout, stderr: stdout }));
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Whether no more than these bytes of buffers stay held: V8 frees dead ones in the background, after the collection. */
async function settlesBelow(bytes: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    collectGarbage();
    if (process.memoryUsage().arrayBuffers < bytes) return true;
    await setTimeout(20);
  }
  return false;
}

describe('an answer larger than the limit', () => {
  test('is cut on either channel, and says so', () => {
    for (const channel of ['stdout', 'stderr'] as const) {
      const big = { status: 0, stdout: empty, stderr: empty, [channel]: Buffer.alloc(5000, 'x') };
      const got = read(framed(big), [1, 7, 100, 4000], new AnswerReader(nonce, 1000));
      expect(got).toMatchObject({ truncated: true, [channel]: Buffer.alloc(1000, 'x') });
    }
  });

  test('of exactly the limit is whole', () => {
    const stdout = Buffer.alloc(1000, 'x');
    expect(read(framed({ status: 0, stdout, stderr: empty }), [], new AnswerReader(nonce, 1000))).toEqual(
      answer({ stdout }),
    );
  });

  test('takes no more memory than the limit, however long it goes on', async () => {
    const reader = new AnswerReader(nonce, 1000);
    reader.takeStdout(Buffer.from(`${nonce}<`));
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 200; count += 1) reader.takeStdout(chunk);
    expect(await settlesBelow(before + 5 * 1024 * 1024)).toBe(true);
    expect(reader.answer()).toBeUndefined();
  });

  test('neither do strays before the start mark', async () => {
    const reader = new AnswerReader(nonce, 1000);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 200; count += 1) reader.takeStdout(chunk);
    expect(await settlesBelow(before + 5 * 1024 * 1024)).toBe(true);
    expect(reader.answer()).toBeUndefined();
  });
});

describe('a status that no shell gives', () => {
  const statuses = ['0x1', '-1', ' 1', '1 ', 'ok', '1234', '0'.repeat(40), '1\u0000', '١'];
  test.each(statuses)('%j breaks the session', status => {
    expect(() => read(framed({ status, stdout: empty, stderr: empty }))).toThrow(FrameMismatch);
  });

  test('breaks it before its line has ended', () => {
    const reader = new AnswerReader(nonce, limit);
    reader.takeStdout(Buffer.from(`${nonce}<\n${nonce}:`));
    expect(() => {
      for (let count = 0; count < 100; count += 1) reader.takeStdout(Buffer.from('9'));
    }).toThrow(FrameMismatch);
  });

  test('and an empty one is no success', () => {
    expect(() => read(framed({ status: '', stdout: empty, stderr: empty }))).toThrow(FrameMismatch);
  });
});

describe('a request', () => {
  test('has a mark of its own each time', () => {
    const marks = new Set(Array.from({ length: 1000 }, makeNonce));
    expect(marks.size).toBe(1000);
    for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{32}$/);
  });

  const ways = { 'in the session': inSession, 'in a shell of its own': inOwnShell(['sh'], false) };
  test.each(Object.entries(ways))('brings any text to the shell unchanged %s', (_name, way) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 60 }), text => {
        const words = `printf %s '${text.replaceAll('\0', '').replaceAll("'", "'\\''")}'`;
        const { stdout, stderr } = spawnSync('sh', [], { input: requestLine({ body: way(words), nonce }) });
        expect(read({ stdout, stderr })).toEqual(answer({ stdout: Buffer.from(text.replaceAll('\0', '')) }));
      }),
      { numRuns: 60 },
    );
  });
});
