// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, integer, property, string } from 'fast-check';
import { breakCommands, safeJsonText } from './log-commands.ts';
import { hostileTexts } from './testing/hostile-texts.ts';
import { findCommands } from './testing/platforms.ts';
import { cleanText, cut, cutBytes, decodeText, oneLine, safeLogLines, shorten } from './text.ts';

const escape = String.fromCodePoint(0x1b);

describe('cleanText', () => {
  test('removes colours and hyperlinks of terminals and keeps their text', () => {
    expect(
      cleanText(`${escape}[1;31mred${escape}[0m ${escape}]8;;https://x${escape}\\link${escape}]8;;${escape}\\`),
    ).toBe('red link');
  });

  test('shows what cannot be seen instead of dropping it', () => {
    const hidden = ['a', 0, 0x1b, 0x9b, 0xad, 0x202e, 0xe0041, 0xffff].map(code =>
      typeof code === 'number' ? String.fromCodePoint(code) : code,
    );
    expect(cleanText(hidden.join(''))).toBe('a\\x00\\x1b\\x9b\\xad\\u202e\\u{e0041}\\uffff');
    expect(cleanText(`x${String.fromCharCode(0xd800)}y`)).toBe('x\\ud800y');
  });

  test('makes every line break a newline', () => {
    expect(cleanText('a\r\nb\rc\u000Bd\u000Ce\u0085f\u2028g\u2029h')).toBe('a\nb\nc\nd\ne\nf\ng\nh');
  });

  test('keeps ordinary text in any script as it is', () => {
    const text = 'Größe: 5 €\t日本語 𝒳 ✔️\nend';
    expect(cleanText(text)).toBe(text);
  });

  test.each(hostileTexts.map((text, index) => [index, text] as const))(
    'leaves no command of any CI system in hostile text %i, however often it is cleaned',
    (_, text) => {
      const clean = cleanText(text);
      expect(findCommands(clean)).toEqual([]);
      expect(cleanText(clean)).toBe(clean);
      expect(findCommands(safeLogLines(text).join('\n'))).toEqual([]);
    },
  );

  const pieces = constantFrom(
    '#',
    '##',
    '[',
    'vso',
    'VSO[',
    'teamcity',
    ':',
    '::',
    ' ',
    '\n',
    '\r',
    '\u00AD',
    '\uFE0F',
    '\u034F',
    '\u200B',
    escape,
    'section_',
    'start:',
    'SPINNAKER_',
    'PROPERTY_',
    '\u0000',
    '\uD800',
    'ſ',
    'x',
  );

  test('survives any mixture of the pieces of commands', () => {
    assert(
      property(array(pieces, { maxLength: 24 }), parts => {
        const clean = cleanText(parts.join(''));
        expect(findCommands(clean)).toEqual([]);
        expect(cleanText(clean)).toBe(clean);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\p{Cf}\p{Cs}]|(?![\n\t])\p{Cc}/u);
      }),
      { numRuns: 5000 },
    );
  });

  test('takes a time that grows with the text, not with its square', () => {
    const hard = ['\u001B]', '\u001B[1;', '#', ': ', ' ', '##', '\uFE0F', 'S'].map(piece => piece.repeat(300_000));
    for (const text of hard) expect(findCommands(cleanText(text))).toEqual([]);
  });
});

describe('bounds', () => {
  test('cut never divides a code point and counts what is missing', () => {
    expect(cut('ab😀cd', 3)).toBe('ab… (3 more characters)');
    expect(cut('ab😀cd', 4)).toBe('ab😀… (2 more characters)');
    expect(cut('abc', 3)).toBe('abc');
  });

  test('cutBytes keeps within the bytes', () => {
    expect(cutBytes('aé😀x', 4)).toBe('aé… (2 more characters)');
    expect(cutBytes('aé😀x', 8)).toBe('aé😀x');
  });

  test('shorten says the same of a long text as of a short one', () => {
    expect(shorten('x'.repeat(10_000_000), 10)).toBe(`${'x'.repeat(10)}… (9999990 more characters)`);
    expect(shorten('x'.repeat(12), 10)).toBe('xxxxxxxxxx… (2 more characters)');
  });

  test('shorten never ends inside a code point', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 60 }), integer({ min: 1, max: 8 }), (text, limit) => {
        expect(shorten(text.repeat(50), limit).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('log lines', () => {
  test('each line has a visible prefix and an end', () => {
    expect(safeLogLines(`::error::x\n${'a'.repeat(3000)}`)).toEqual([
      '│ : :error::x',
      `│ ${'a'.repeat(2000)}… (1000 more characters)`,
    ]);
  });

  test('one line stays one line', () => {
    expect(oneLine(' a\r\n\tb\u2028c ')).toBe('a b c');
  });
});

test.each([0x0a, 0x0b, 0x0c, 0x85, 0x2028])('a command after the end of a line is broken: %i', code => {
  for (const command of ['::error::x', '+++ group']) {
    const text = `a${String.fromCodePoint(code)}${command}`;
    expect(findCommands(text)).toHaveLength(1);
    expect(findCommands(breakCommands(text))).toEqual([]);
  }
});

describe('JSON that may reach a log', () => {
  test('means the same and holds no command', () => {
    const value = { '##[x]': ['##vso[task]', '\\##teamcity[', 'SPINNAKER_PROPERTY_A', '\uFE0F#\uFE0F#['] };
    const text = safeJsonText(JSON.stringify(value));
    expect(findCommands(text)).toEqual([]);
    expect(JSON.parse(text)).toEqual(value);
  });
});

test('bytes that are no UTF-8 become replacement characters', () => {
  expect(decodeText(Uint8Array.of(0x61, 0xff, 0xc3, 0x28))).toBe('a\uFFFD\uFFFD(');
});
