// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readResult } from './result-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'cst-result-'));
const path = join(folder, 'result.json');
const text = '{"profiles":[]}';
const mark = { sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length };

beforeEach(() => rmSync(path, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test('a result is read as the engine vouched for it', async () => {
  writeFileSync(path, text);
  expect(await readResult(path, mark)).toBe(text);
});

describe('what a profile has put in the place of a result is refused', () => {
  const put: [what: string, put: () => void, why: RegExp][] = [
    ['other bytes', () => writeFileSync(path, text.replace('[', '{')), /not the one it vouched for/],
    ['more bytes', () => writeFileSync(path, `${text} `), /16 bytes, and 15 were told/],
    ['nothing', () => undefined, /ENOENT/],
    [
      'a link to a file of ours',
      () => {
        writeFileSync(join(folder, 'ours'), text);
        symlinkSync(join(folder, 'ours'), path);
      },
      /ELOOP/,
    ],
    ['a link to a device without an end', () => symlinkSync('/dev/zero', path), /ELOOP/],
    ['a pipe that nobody writes into', () => execFileSync('mkfifo', [path]), /not a file/],
    ['a folder', () => mkdirSync(path), /not a file/],
  ];
  test.each(put)('%s', async (_, doIt, why) => {
    doIt();
    await expect(readResult(path, mark)).rejects.toMatchObject({
      code: 'ENGINE_CRASHED',
      message: expect.stringMatching(why),
    });
  });
});
