// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Hdf, parseHdf } from '../outcome/hdf.ts';
import { explain } from './explain.ts';
import { gateDefaults } from './judgement.ts';

function fixture(file: string): Hdf {
  const read = parseHdf(readFileSync(new URL(`../../fixtures/gate/${file}.json`, import.meta.url), 'utf8'));
  if (read.kind === 'refused') throw new Error(read.problem);
  return read.hdf;
}

const options = gateDefaults(new Date('2026-01-01'));

describe('every control that counts is explained in a line', () => {
  test('the profile that a result was found in is named where it is another one', () => {
    expect(explain(fixture('overlay'), options)).toEqual([
      'overlay a: passed (a result passed and none failed), severity medium (impact 0.5), as found in base',
      'overlay b: failed (a result failed), severity low (impact 0.3), as found in base',
    ]);
  });

  test('results that cannot be judged are explained too', () => {
    expect(explain(fixture('no-results'), options)).toEqual([expect.stringMatching(/^not judged, nothing-checked: /)]);
  });

  test('an id with a line break or an escape sequence stays one harmless line', () => {
    const { profiles, ...rest } = fixture('clean');
    const [first] = profiles;
    const hostile = profiles.map(profile => ({
      ...profile,
      controls: profile.controls.map(control => ({ ...control, id: 'a\n::error::\u001B[31m\u2028\u202E' })),
    }));
    const lines = explain({ ...rest, profiles: hostile.slice(0, 1) }, options);
    expect(first).toBeDefined();
    expect(lines.join('')).not.toMatch(/\p{Cc}|\p{Cf}|\p{Zl}/u);
  });
});
