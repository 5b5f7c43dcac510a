// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseWaivers, unknownWaivers, type WaiverFormat } from './waivers.ts';

const now = new Date('2026-06-01T12:00:00Z');
const yaml = `
base-1:
  justification: accepted until the new image
  expiration_date: 2026-12-31
  run: false
  owner: team-web
base-2:
  justification: known
`;
const json = JSON.stringify({
  'base-1': {
    justification: 'accepted until the new image',
    expiration_date: '2026-12-31',
    run: false,
    owner: 'team-web',
  },
  'base-2': { justification: 'known' },
});
const csv = `control_id,justification,expiration_date,run,owner
base-1,accepted until the new image,2026-12-31,false,team-web\r
base-2,"known",,,
`;

const waivers = [
  {
    controlId: 'base-1',
    justification: 'accepted until the new image',
    expires: '2026-12-31',
    hasExpired: false,
    run: false,
    owner: 'team-web',
  },
  { controlId: 'base-2', justification: 'known', expires: undefined, hasExpired: false, run: true, owner: undefined },
];

describe('a waiver file says the same in every format', () => {
  test.each([
    ['yaml', yaml],
    ['json', json],
    ['csv', csv],
  ] as const)('%s', (format, text) => {
    expect(parseWaivers(text, format, now)).toEqual({
      kind: 'waivers',
      waivers,
      warnings: [
        '"base-2": the waiver has no expiration_date',
        '"base-2": the control is run and counts, as the waiver does not say run: false',
      ],
    });
  });

  test('a quoted field of a table may hold commas, quotes and line breaks', () => {
    const text = 'control_id,justification,run\n"a ""b""","one, two\nthree",no\n';
    expect(parseWaivers(text, 'csv', now)).toMatchObject({
      waivers: [{ controlId: 'a "b"', justification: 'one, two\nthree', run: false }],
    });
  });
});

describe('what the auditor would die of or pass over is refused before the scan', () => {
  test.each<[what: string, format: WaiverFormat, text: string, problem: RegExp]>([
    ['no justification', 'yaml', 'a: {run: false}', /"a": justification: missing/],
    ['a blank justification', 'json', '{"a": {"justification": " "}}', /justification: missing/],
    ['a day that does not exist', 'yaml', 'a: {justification: x, expiration_date: 2026-02-30}', /YYYY-MM-DD/],
    ['a date in words', 'json', '{"a": {"justification": "x", "expiration_date": "soon"}}', /YYYY-MM-DD/],
    ['an unknown field', 'yaml', 'a: {justification: x, expires: 2026-12-31}', /expires/],
    ['a run that is neither true nor false', 'csv', 'control_id,justification,run\na,x,maybe', /true or false/],
    ['the same control twice', 'csv', 'control_id,justification\na,x\na,y', /waived twice/],
    ['the same key twice in JSON', 'json', '{"a": {"justification": "x"}, "a": {"justification": "y"}}', /not JSON/],
    ['a list', 'yaml', '- a', /mapping/],
    ['an empty file', 'yaml', '', /not YAML/],
    ['a column without a name', 'csv', 'control_id,justification,\na,x,', /columns/],
    ['a row that is too short', 'csv', 'control_id,justification,run\na,x', /line 2/],
    ['an open quote', 'csv', 'control_id,justification\na,"x', /quote/],
    ['no control id', 'csv', 'control_id,justification\n,x', /no control id/],
  ])('%s', (...[, format, text, problem]) => {
    const parsed = parseWaivers(text, format, now);
    expect(parsed).toMatchObject({ kind: 'refused', problems: [expect.stringMatching(problem)] });
  });
});

describe('what is merely doubtful is told', () => {
  test('a waiver that has expired', () => {
    const parsed = parseWaivers('a: {justification: x, expiration_date: 2026-06-01, run: false}', 'yaml', now);
    expect(parsed).toMatchObject({
      waivers: [{ hasExpired: true }],
      warnings: ['"a": the waiver expired on 2026-06-01, so the control counts'],
    });
  });

  test('a waiver of a control that no profile has', () => {
    const parsed = parseWaivers(yaml, 'yaml', now);
    const found = parsed.kind === 'waivers' ? unknownWaivers(parsed.waivers, ['base-2', 'base-3']) : [];
    expect(found.map(waiver => waiver.controlId)).toEqual(['base-1']);
  });
});
