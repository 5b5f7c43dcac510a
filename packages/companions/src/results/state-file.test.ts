// SPDX-License-Identifier: Apache-2.0

import { compareFindings, emptyState, type FindingState, toFinding } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { parseState as parseBytes, renderState } from './state-file.ts';

const rating = { severity: 'high', raw: 'HIGH', source: 'debian' } as const;
const look = { kind: 'looked', target: 'image:web', scope: '', ruleset: '1', unchecked: [] } as const;

/** The state after a run of a source with a name that the file uses, too. */
function sampleState(rules: readonly string[]): FindingState {
  const findings = rules.map(rule =>
    toFinding(
      { kind: 'vulnerability', rule, aliases: [], title: 'a\n"}},b', rating, place: { package: 'bash' } },
      { source: 'entries', tool: 'trivy', target: 'image:web', area: 'images' },
    ),
  );
  const run = { scope: 'prod', at: '2026-11-29T12:00:00.000Z', findings, waived: new Map<string, string>() };
  const compared = compareFindings(emptyState('prod'), { ...run, looks: [{ ...look, source: 'entries' }] });
  if (compared.kind === 'refused') throw new Error(compared.problem);
  const alerts = { lost: ['nodes'], due: [], told: ['1 slack'] };
  return { ...compared.state, alerts };
}

const parseState = (text: string) => parseBytes(Buffer.from(text));
const textOf = (state: FindingState) => [...renderState(state)].join('');
const two = sampleState(['CVE-2026-1', 'CVE-2026-2']);

describe('the file of a state', () => {
  test.each([
    ['no finding', sampleState([])],
    ['findings', two],
  ])('is read as it was written, with %s', (_, state) =>
    expect(parseState(textOf(state))).toEqual({ kind: 'state', state }),
  );

  test('is JSON, and read however that is laid out', () => {
    const document: unknown = JSON.parse(textOf(two));
    for (const text of [JSON.stringify(document), JSON.stringify(document, undefined, 2)])
      expect(parseState(text)).toEqual({ kind: 'state', state: two });
  });

  test('is refused where it was cut off, at any place', () => {
    const text = textOf(two);
    // The line break at its end is all that may be missing.
    for (let end = 0; end < text.length - 1; end++) expect(parseState(text.slice(0, end)).kind).toBe('refused');
  });

  const [first = '', one = '', other = '', ...rest] = textOf(two).split('\n');
  test.each([
    ['an entry twice', [first, one, one, other, ...rest]],
    ['an entry less than its commas tell', [first, one, ...rest]],
    ['a line that is no entry', [first, one, '"a":1,', other, ...rest]],
    ['something behind its end', [first, one, other, ...rest, 'x']],
    ['an unknown key', [first, one.replace('"status":', '"state":'), other, ...rest]],
    ['another version', [first.replace('"version":1', '"version":2'), one, other, ...rest]],
  ])('is refused with %s', (_, lines) => expect(parseState(lines.join('\n')).kind).toBe('refused'));

  test('takes findings that are there again for those of its entries, and keeps the others', () => {
    const [again, gone] = Object.values(two.entries).map(({ finding }) => finding);
    if (again === undefined || gone === undefined) throw new Error('there are two');
    const now = { ...again, title: 'as of today' };
    const parsed = parseBytes(Buffer.from(textOf(two)), [now]);
    const entries = parsed.kind === 'state' ? Object.values(parsed.state.entries) : [];
    expect(entries.map(({ finding }) => finding)).toEqual([now, gone]);
    expect(entries[0]?.seenBy['entries']).toBe(entries[1]?.seenBy['entries']);
  });

  test('names what is wrong with it', () => {
    const text = textOf(two).replace('"severity":"high"', '"severity":"bad"');
    expect(parseState(text)).toMatchObject({ problem: expect.stringMatching(/^entries\.[0-9a-f]{64}\.finding\./) });
    expect(parseState('{')).toEqual({ kind: 'refused', problem: 'it is not JSON' });
  });
});
