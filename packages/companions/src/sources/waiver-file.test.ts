// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseWaiverFile } from './waiver-file.ts';

const fingerprint = 'ab'.repeat(32);
const parse = (...waivers: object[]) => parseWaiverFile(JSON.stringify({ waivers }), 'waivers.yml');

describe('a file of waivers', () => {
  test('names findings by fingerprint, rule, or rule at a target', () => {
    const rule = { key: 'trivy:CVE-1', reason: 'no fix', expires: '2027-01-31' };
    expect(
      parse({ key: fingerprint, reason: ' accepted ' }, rule, { ...rule, key: 'trivy:CVE-1@image:shop/web' }),
    ).toEqual([
      { key: { by: 'fingerprint', fingerprint }, reason: 'accepted', origin: 'waivers.yml', expires: undefined },
      {
        key: { by: 'rule', tool: 'trivy', rule: 'CVE-1', target: undefined },
        reason: 'no fix',
        origin: 'waivers.yml',
        expires: new Date('2027-01-31'),
      },
      {
        key: { by: 'rule', tool: 'trivy', rule: 'CVE-1', target: 'image:shop/web' },
        reason: 'no fix',
        origin: 'waivers.yml',
        expires: new Date('2027-01-31'),
      },
    ]);
  });

  test.each<[problem: string, waiver: object]>([
    ['waivers.0.key: expected a fingerprint, tool:rule, or tool:rule@scheme:target', { key: 'CVE-1', reason: 'a' }],
    ['waivers.0.reason: missing', { key: 'trivy:CVE-1', reason: ' ' }],
    ['waivers.0.reason: Invalid input', { key: 'trivy:CVE-1' }],
    ['waivers.0.expires: expected YYYY-MM-DD', { key: 'trivy:CVE-1', reason: 'a', expires: '2027-02-30' }],
    ['waivers.0: Unrecognized key: "expire"', { key: 'trivy:CVE-1', reason: 'a', expire: '2027-01-31' }],
  ])('with %s is refused', (problem, waiver) => expect(() => parse(waiver)).toThrow(problem));

  test('that waives the same twice, or is none, is refused with its name', () => {
    const one = { key: 'trivy:CVE-1', reason: 'a' };
    expect(() => parse(one, one)).toThrow('waivers.yml: trivy:CVE-1 is waived twice');
    expect(() => parseWaiverFile('{', 'waivers.yml')).toThrow('waivers.yml: it is not YAML');
    expect(() => parseWaiverFile('', 'waivers.yml')).toThrow('waivers.yml');
    expect(() => parseWaiverFile('waivers: []\nignore: []', 'waivers.yml')).toThrow('Unrecognized key: "ignore"');
  });
});
