// SPDX-License-Identifier: Apache-2.0

import { mostResultBytes } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decode } from './input/decode.ts';
import { parseFrames } from './input/frames.ts';
import { parseJson } from './input/json.ts';
import { readAny, readAs, tools } from './read.ts';
import { anything, declared, read, readText, sample, sampleText, summary } from './testing/samples.ts';

describe('a result that was cut off', () => {
  // What golangci-lint prints behind its report is not part of it.
  const wholeOf = (name: string) => {
    const text = sampleText(name);
    const end = name === 'golangci-lint/v2-stats-after.txt' ? text.lastIndexOf('}') + 1 : text.trimEnd().length;
    return Buffer.byteLength(text.slice(0, end));
  };

  test.each(declared)('%s is never a look of %s', (name, tool) => {
    const bytes = sample(name);
    const step = bytes.length > 4000 ? 7 : 1;
    const looks: number[] = [];
    for (let length = 0; length < wholeOf(name); length += step)
      if (readAs(tool, bytes.subarray(0, length), anything).kind === 'looked') looks.push(length);
    expect(looks).toEqual([]);
  });
});

describe('bytes', () => {
  test.each<[what: string, bytes: Buffer, problem: string]>([
    ['no bytes', Buffer.alloc(0), 'it is empty'],
    ['spaces', Buffer.from(' \n\t'), 'it is empty'],
    [
      'UTF-16',
      Buffer.from('\uFEFF{}', 'utf16le'),
      'it is UTF-16, as `>` of PowerShell writes it; let the scanner write the file itself',
    ],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'it is not UTF-8'],
    [
      'UTF-16 without a mark',
      Buffer.from('{"a":1}', 'utf16le'),
      'it is not JSON: cut off, or with other text before or after it',
    ],
    ['a page', Buffer.from('<html>'), 'it is a page or XML, not JSON'],
    ['text', Buffer.from('Error: cannot connect'), 'it is text, not JSON'],
    ['two documents', Buffer.from('{}{}'), 'it is not JSON: cut off, or with other text before or after it'],
    ['text before JSON', Buffer.from('scanning…\n{}'), 'it is text, not JSON'],
    ['the same key twice', Buffer.from('{"Results":[1],"Results":[]}'), 'an object has the same key twice'],
    [
      'the same key twice, once escaped',
      Buffer.from('{"R":{"a":[1],"\\u0061":[]}}'),
      'an object has the same key twice',
    ],
    ['too many levels', Buffer.from('['.repeat(300) + ']'.repeat(300)), 'it is nested deeper than 256 levels'],
    [
      'far too many levels',
      Buffer.from('[{"a":'.repeat(100_000)),
      'it is not JSON: cut off, or with other text before or after it',
    ],
    [
      'far too many levels, closed',
      Buffer.from('['.repeat(1_000_000) + ']'.repeat(1_000_000)),
      'it is nested deeper than 256 levels',
    ],
  ])('of %s are refused with the reason', (_what, bytes, text) => {
    expect(readAs('trivy', bytes, anything)).toMatchObject({
      kind: 'not-looked',
      problems: [{ reason: 'unreadable', text }],
    });
    expect(readAny(bytes, anything).kind).toBe('not-looked');
  });

  test('with a mark of UTF-8 are read', () => {
    const text = `\uFEFF${sampleText('trivy/image-v2.json')}`;
    expect(summary(readText('trivy', text))).toBe('looked: 4 findings');
  });

  test('are refused if there are too many', () => {
    // Virtual memory that nobody touches.
    expect(decode(new Uint8Array(mostResultBytes + 1))).toEqual({
      kind: 'refused',
      problem: `it is larger than ${mostResultBytes} bytes`,
    });
  });
});

describe('strict JSON', () => {
  test('is what JSON.parse reads, as long as no object repeats a key', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), text => {
        const parsed = parseJson(text);
        if (parsed.kind === 'json') expect(parsed.value).toEqual(JSON.parse(text));
        else expect(parsed.problem).toBe('an object has the same key twice');
      }),
    );
  });

  test('knows a repeated key wherever it stands, and one that only looks alike', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.json({ maxDepth: 3 }), (one, other, value) => {
        const text = `{"x":[${value},{${JSON.stringify(one)}:1,"y":{},${JSON.stringify(other)}:2}]}`;
        fc.pre(one !== 'y' && other !== 'y' && parseJson(value).kind === 'json');
        expect(parseJson(text).kind).toBe(one === other ? 'refused' : 'json');
      }),
    );
  });

  test('takes a key of the prototype for what it is', () => {
    const text = '{"constructor":{},"__proto__":{"Results":[]},"toString":1}';
    expect(parseJson(text).kind).toBe('json');
    expect(summary(readText('trivy', text))).toBe('wrong-tool: 0 findings');
  });
});

describe('documents among other lines', () => {
  test('are found wherever they stand', () => {
    const line = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 :.{}"[\]-]{0,30}$/).filter(each => each.trim() !== '');
    fc.assert(
      fc.property(fc.array(fc.tuple(line, fc.dictionary(fc.string(), fc.string())), { maxLength: 5 }), parts => {
        const text = parts.map(([before, document]) => `${before}\n${JSON.stringify(document, null, 1)}\n`).join('');
        const framed = parseFrames(text);
        expect(framed).toEqual({
          kind: 'framed',
          documents: parts.map(([, document]) => JSON.parse(JSON.stringify(document)) as unknown),
          lines: parts.map(([before]) => before),
        });
      }),
    );
  });

  test('are refused if one of them is cut off', () => {
    expect(parseFrames('{"a":1}\n{"b":')).toEqual({ kind: 'refused', problem: 'document 2 is cut off' });
    expect(parseFrames('{"a":"}')).toEqual({ kind: 'refused', problem: 'document 1 is cut off' });
  });
});

// Any value in the place of any other.
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The document with the n-th of its values, counted in depth, replaced. */
function replaced(value: Json, target: number, by: Json): Json {
  let index = 0;
  const walk = (here: Json): Json => {
    if (index++ === target) return by;
    if (Array.isArray(here)) return here.map(item => walk(item));
    if (typeof here !== 'object' || here === null) return here;
    return Object.fromEntries(Object.entries(here).map(([key, item]) => [key, walk(item)]));
  };
  return walk(value);
}

describe('a document with anything in the place of anything', () => {
  const documents = declared.filter(([name]) => /\.(?:json|sarif)$/.test(name));

  test.each(documents)('%s never makes %s throw', (name, tool) => {
    const original = JSON.parse(sampleText(name)) as Json;
    const odd = fc.constantFrom<Json>(
      null,
      true,
      0,
      -1,
      '',
      'x',
      [],
      [null],
      [[]],
      [1],
      {},
      { '': null },
      { items: [{}] },
    );
    fc.assert(
      fc.property(fc.nat(400), odd, (target, by) => {
        const reading = readText(tool, JSON.stringify(replaced(original, target, by)));
        expect(['looked', 'not-looked']).toContain(reading.kind);
        const texts = reading.kind === 'not-looked' ? reading.problems.map(({ text }) => text) : [];
        expect(texts.filter(text => /undefined|TypeError|not iterable|Cannot read/.test(text))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('anything at all is not a look of any tool', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...tools), (text, tool) => {
        expect(readText(tool, text).kind).toBe('not-looked');
      }),
    );
  });
});

describe('what is told of a problem', () => {
  test('quotes neither a secret nor more than a few words', () => {
    for (const [name] of declared) {
      const reading = read(name);
      for (const { text } of reading.kind === 'not-looked' ? reading.problems : [])
        expect(text.length).toBeLessThan(400);
    }
  });
});
