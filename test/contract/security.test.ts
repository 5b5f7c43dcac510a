// SPDX-License-Identifier: Apache-2.0
// SECURITY.md, sentence by sentence: each is held by tests that are there, or promises nothing of ours.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { promisesNothing, sentences } from './security-sentences.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const page = read('SECURITY.md');
const section = (heading: string): string => page.split(`### ${heading}\n`)[1]?.split(/^##/m)[0] ?? '';

/** Sentences of paragraphs and items, on one line each. The name that an item begins with is not one. */
export const sentencesIn = (text: string): string[] =>
  text
    .replaceAll(/^```[^]*?^```$/gm, '')
    .split(/\n\n|\n(?=- |\d\. )/)
    .map(block =>
      block
        .replace(/^\s*(?:- |\d\. )?(?:\*\*[^*]+\*\*)?/, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    .filter(block => block !== '' && !block.startsWith('|'))
    .flatMap(block => block.split(/(?<=[.!?]\)?)\s+(?=[^a-z])/));

const rows = section('Each promise and its test')
  .split('\n')
  .filter(line => /^\| (?!---|Promise)/.test(line));
const promiseIn = (row: string) => row.split(' | ')[0]?.replace('| ', '') ?? '';
const testsIn = (row: string) =>
  [...row.matchAll(/`([^`]+\.ts)` “([^”]+)”/g)].map(([, path = '', title = '']) => ({ path, title }));
const held = Object.values(sentences)
  .flatMap(each => Object.values(each))
  .filter(each => each !== promisesNothing)
  .flat();

describe.each(Object.entries(sentences))('%s', (heading, known) => {
  test('says nothing that no test holds, and nothing is held that it does not say', () => {
    expect(sentencesIn(section(heading)).toSorted()).toEqual(Object.keys(known).toSorted());
  });
});

test('each sentence leads to a row of the table, and each row holds a sentence', () => {
  expect([...new Set(held)].toSorted()).toEqual(rows.map(promiseIn).toSorted());
});

test('a sentence that is added is seen, wherever it stands', () => {
  const item = '- **A name.** One is. Two is: `x`.\n  "Three" is\n  long.';
  expect(sentencesIn(`First.\n\n${item}\n- (Four.)\n`)).toEqual([
    'First.',
    'One is.',
    'Two is: `x`.',
    '"Three" is long.',
    '(Four.)',
  ]);
});

describe('each promise and its test', () => {
  test('names a test in each row, and nothing that this does not read', () => {
    expect(rows.length).toBeGreaterThan(40);
    const unread = rows.filter(row => testsIn(row).length === 0 || testsIn(row).length !== row.split('“').length - 1);
    expect(unread).toEqual([]);
  });

  test.each(rows.flatMap(testsIn))('$path has the test “$title”', ({ path, title }) => {
    expect(existsSync(join(root, path))).toBe(true);
    const titles = read(path)
      .split('\n')
      .filter(line => /^\s*(?:(?:\w*test|describe)\b|['"`]|\)\(|\]\)|\] as const)/i.test(line));
    expect(titles.some(line => line.includes(title))).toBe(true);
  });
});
