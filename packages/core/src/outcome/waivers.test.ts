// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { WaiverFormat } from './waiver.ts';
import { parseWaivers, unknownWaivers } from './waivers.ts';

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
    targets: [],
  },
  {
    controlId: 'base-2',
    justification: 'known',
    expires: undefined,
    hasExpired: false,
    run: true,
    owner: undefined,
    targets: [],
  },
];

describe('a waiver file says the same in every format', () => {
  test.each([
    ['yaml', yaml],
    ['json', json],
    ['csv', csv],
  ] as const)('%s', (format, text) => {
    expect(parseWaivers(text, format, now)).toMatchObject({
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

describe('a waiver for some targets', () => {
  const targets = [{ selector: 'deployment/web', namespace: 'shop' }];
  const two = [{ selector: 'deployment/web' }, { namespace: 'test-*', container: 'app' }];
  test.each<[what: string, format: WaiverFormat, text: string, targets: object[]]>([
    ['one', 'yaml', 'a: {justification: x, target: {selector: deployment/web, namespace: shop}}', targets],
    ['a selector', 'yaml', 'a: {justification: x, target: deployment/web}', [{ selector: 'deployment/web' }]],
    ['several', 'yaml', 'a: {justification: x, target: [deployment/web, {namespace: test-*, container: app}]}', two],
    [
      'in JSON',
      'json',
      '{"a": {"justification": "x", "target": {"labels": {"tier": "front"}}}}',
      [{ labels: { tier: 'front' } }],
    ],
    ['in a cell', 'csv', 'control_id,justification,target\na,x,deployment/web\n', [{ selector: 'deployment/web' }]],
    [
      'a list in a cell',
      'csv',
      'control_id,justification,target\na,x,"[deployment/web, {namespace: test-*, container: app}]"\n',
      two,
    ],
    ['an empty cell', 'csv', 'control_id,justification,target\na,x,\n', []],
  ])('%s', (...[, format, text, expected]) => {
    expect(parseWaivers(text, format, now)).toMatchObject({ kind: 'waivers', waivers: [{ targets: expected }] });
  });

  test('stands beside one for others, and the one for all last', () => {
    const table = (...rows: string[]) => ['control_id,justification,target', ...rows, ''].join('\n');
    const ordered = table('a,x,pod/one', 'a,y,pod/other', 'a,z,');
    expect(parseWaivers(ordered, 'csv', now)).toMatchObject({ kind: 'waivers', waivers: { length: 3 } });
    const shadowed = table('a,z,', 'a,x,pod/one');
    expect(parseWaivers(shadowed, 'csv', now)).toMatchObject({ problems: ['"a": waived twice'] });
  });

  const entry = (key: string) => `a: {justification: x, ${key}}`;
  test.each<[what: string, format: WaiverFormat, text: string, problem: string]>([
    [
      'a selector without a kind',
      'yaml',
      entry('target: web'),
      '"a": target[0].selector: expected kind/name, such as deployment/web',
    ],
    ['an unknown condition', 'yaml', entry('target: {name: web}'), '"a": target[0].name is not a key here'],
    ['no condition', 'yaml', entry('target: {}'), '"a": target[0]: matches every target: leave target out for that'],
    ['no label', 'yaml', entry('target: {labels: {}}'), '"a": target[0].labels: expected a label and its value'],
    ['an empty list', 'yaml', entry('target: []'), '"a": target: Too small: expected array to have >=1 items'],
    ['nothing', 'yaml', entry('target:'), '"a": target[0]: Invalid input: expected object, received null'],
    ['a misspelt key', 'yaml', entry('Targets: pod/web'), '"a": Targets is not a key here; did you mean target?'],
    [
      'a condition without the key',
      'yaml',
      entry('namespace: shop'),
      '"a": namespace is not a key here; conditions on targets belong below target: {namespace: …}',
    ],
    [
      'a misspelt column',
      'csv',
      'control_id,justification,targets\na,x,pod/web\n',
      'the column targets is not a key here; did you mean target?',
    ],
    ['a broken cell', 'csv', 'control_id,justification,target\na,x,{\n', '"a": target: not YAML'],
  ])('is refused with %s', (...[, format, text, problem]) => {
    expect(parseWaivers(text, format, now)).toMatchObject({ problems: [expect.stringContaining(problem)] });
  });
});

describe('what the auditor would die of or pass over is refused before the scan', () => {
  test.each<[what: string, format: WaiverFormat, text: string, problem: RegExp]>([
    ['no justification', 'yaml', 'a: {run: false}', /"a": justification: missing/],
    ['a blank justification', 'json', '{"a": {"justification": " "}}', /justification: missing/],
    ['a day that does not exist', 'yaml', 'a: {justification: x, expiration_date: 2026-02-30}', /YYYY-MM-DD/],
    ['a date in words', 'json', '{"a": {"justification": "x", "expiration_date": "soon"}}', /YYYY-MM-DD/],
    ['a run that is neither true nor false', 'csv', 'control_id,justification,run\na,x,maybe', /true or false/],
    ['a Yes that the auditor takes for no', 'csv', 'control_id,justification,run\na,x,Yes', /true or false/],
    ['a date that is a number', 'yaml', 'a: {justification: x, expiration_date: 20261231}', /expected string|YYYY/],
    ['a repeated column', 'csv', 'control_id,justification,run,run\na,x,no,no', /repeated columns: "run"/],
    ['the same control twice', 'csv', 'control_id,justification\na,x\na,y', /waived twice/],
    ['the same key twice in JSON', 'json', '{"a": {"justification": "x"}, "a": {"justification": "y"}}', /not JSON/],
    ['a list', 'yaml', '- a', /mapping/],
    ['an open quote', 'csv', 'control_id,justification\na,"x', /quote/],
    ['a quote within a field', 'csv', 'control_id,justification\na,x "y"', /^line 2: invalid/],
    ['text behind a quote', 'csv', 'control_id,justification\na,"x"y', /^line 2: invalid/],
    ['no control id', 'csv', 'control_id,justification\n,x', /no control id/],
  ])('%s', (...[, format, text, problem]) => {
    const parsed = parseWaivers(text, format, now);
    expect(parsed).toMatchObject({ kind: 'refused', problems: [expect.stringMatching(problem)] });
  });
});

describe('what the auditor takes is taken', () => {
  const one = { controlId: 'a', run: false };
  test.each<[what: string, format: WaiverFormat, text: string, waivers: object[]]>([
    ['more fields', 'yaml', 'a: {justification: x, run: false, ticket: S-1, by: {name: Grace}}', [one]],
    ['a number for a reason', 'yaml', 'a: {justification: 4711, run: no}', [{ ...one, justification: '4711' }]],
    ['on and off', 'yaml', 'a: {justification: x, run: off}', [one]],
    ['Ruby words in a table', 'csv', 'control_id,justification,run\na,x,N', [one]],
    ['columns without a name', 'csv', 'control_id,justification,run,,\na,x,FALSE,,\n,,,,\n', [one]],
    ['other columns', 'csv', 'team,control_id,justification,run\nweb,a,x,no\n', [one]],
    [
      'rows that are too short or too long',
      'csv',
      'control_id,justification,run\na,x,no,more\nb,y\n',
      [one, { run: true }],
    ],
    ['an empty file', 'yaml', '', []],
    ['comments alone', 'yaml', '# none\n---\n  # at all\n\n', []],
    ['an empty mapping', 'json', '{}', []],
    ['an empty table', 'csv', '', []],
  ])('%s', (...[, format, text, taken]) => {
    expect(parseWaivers(text, format, now)).toMatchObject({ kind: 'waivers', waivers: taken });
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
