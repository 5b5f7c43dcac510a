// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { catalogue } from './catalogue.ts';
import { isScanError, ScanError, toMessage, toScanError } from './scan-error.ts';

const sources = [
  '..',
  '../../../cli/src',
  '../../../adapters/src',
  '../../../companions/src',
  '../../../service/src',
].flatMap(folder =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .filter(entry => entry.name !== 'catalogue.ts')
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
);

describe('the catalogue', () => {
  test.each(Object.entries(catalogue))(
    'tells of %s what it means and what to do, in whole sentences',
    (code, entry) => {
      expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
      expect(entry.meaning).toMatch(/^[A-Z].*\.$/);
      expect(entry.remedy).toMatch(/^[A-Z`].*\S$/);
      expect([2, 4, 5, 129, 130, 143]).toContain(entry.exit);
    },
  );

  test.each(Object.keys(catalogue))('has %s because something uses it', code => {
    expect(sources.some(text => text.includes(`'${code}'`))).toBe(true);
  });
});

describe('an error', () => {
  test('has the exit code and the remedy of its code, unless a more exact one is known', () => {
    expect(new ScanError('USAGE', 'm')).toMatchObject({ exit: 2, remedy: catalogue.USAGE.remedy, message: 'm' });
    expect(new ScanError('USAGE', 'm', { remedy: 'do' }).remedy).toBe('do');
  });

  test('is recognized also when another copy of this module made it', async () => {
    const url = new URL('./scan-error.ts?copy', import.meta.url).href;
    const copy = (await import(url)) as typeof import('./scan-error.ts');
    const foreign = new copy.ScanError('USAGE', 'm');
    expect(foreign).not.toBeInstanceOf(ScanError);
    expect(isScanError(foreign)).toBe(true);
  });

  test.each([undefined, null, 'text', {}, new Error('x')])('is not %p', value =>
    expect(isScanError(value)).toBe(false),
  );

  test('stays what it is, and anything else becomes one with its cause', () => {
    const own = new ScanError('DEADLINE', 'late');
    expect(toScanError(own, 'USAGE', 'x')).toBe(own);
    const cause = new TypeError('bad\n  thing');
    expect(toScanError(cause, 'ENGINE_CRASHED', 'The run failed')).toMatchObject({
      code: 'ENGINE_CRASHED',
      message: 'The run failed: bad thing',
      cause,
    });
  });

  test('is told in one line, whatever was thrown', () => {
    expect(toMessage(new RangeError(''))).toBe('RangeError');
    expect(toMessage('a\r\n b')).toBe('a b');
    expect(toMessage(undefined)).toBe('undefined');
  });
});
