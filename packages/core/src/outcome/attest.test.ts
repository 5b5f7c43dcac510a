// SPDX-License-Identifier: Apache-2.0
// SAF is asked: packages/oracles, which `./dev test` installs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Attestation, applyAttestations, attestationEnds, parseAttestations } from './attest.ts';
import { type Hdf, parseHdf } from './hdf.ts';

const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);

function results(statuses: Record<string, string[]>): string {
  const controls = Object.entries(statuses).map(([id, list]) => ({
    id,
    impact: 0.5,
    refs: [],
    tags: {},
    source_location: {},
    results: list.map(status => ({ status, code_desc: 'a', start_time: 'b' })),
  }));
  const profile = { name: 'p', sha256: 'x', supports: [], attributes: [], groups: [], controls };
  const second = { ...profile, name: 'q', controls: controls.slice(0, 1) };
  const platform = { name: 'a', release: '1' };
  return JSON.stringify({ platform, profiles: [profile, second], statistics: {}, version: '5' });
}

const attestation = (given: Partial<Attestation> = {}): Attestation => ({
  control_id: 'manual',
  explanation: 'seen by hand',
  frequency: 'monthly',
  status: 'passed',
  updated: daysAgo(1),
  updated_by: 'somebody',
  ...given,
});

const text = results({ manual: ['skipped'], Other: ['skipped', 'passed'], tested: ['failed'], none: [] });

function ours(attestations: Attestation[]): { hdf: Hdf; warnings: string[] } {
  const [read, parsed] = [parseHdf(text), parseAttestations(JSON.stringify(attestations), now)];
  if (read.kind === 'refused' || parsed.kind === 'refused') throw new Error('refused');
  return applyAttestations(read.hdf, parsed.attestations, now);
}

/** What an attestation changes, whatever it is worded like. */
function shape(hdf: Hdf) {
  return hdf.profiles.map(profile =>
    profile.controls.map(({ id, attestation_data: data, results: found }) => ({
      id,
      data: data ?? undefined,
      statuses: found.map(result => result.status),
    })),
  );
}

const oracle = fileURLToPath(new URL('../../../oracles/src/oracle.ts', import.meta.url));
function saf(given: Attestation[][]): Hdf[] {
  const input = given.map(each => JSON.stringify({ ask: 'attest', hdf: text, spec: JSON.stringify(each) })).join('\n');
  // SAF reads days in the local time zone, and we in UTC.
  const env = { ...process.env, TZ: 'UTC' };
  const { stdout } = spawnSync(process.execPath, [oracle], { input, encoding: 'utf8', env });
  const answers = stdout.split('\n').filter(line => line !== '');
  if (answers.length < given.length) throw new Error('No answer: run `npm ci --prefix packages/oracles` first');
  return answers.map(line => (JSON.parse(line) as { result: Hdf }).result);
}

describe('attestations are applied as SAF applies them', () => {
  const frequencies = 'annually semiannually quarterly monthly every2weeks fortnightly weekly every3days daily';
  const given = [
    ...[...frequencies.split(' '), '5d', '2w', '3 m', '1y'].flatMap(frequency =>
      [0, 2, 4, 8, 13, 16, 27, 33, 88, 95, 180, 190, 364, 370].map(age => [
        attestation({ frequency, updated: daysAgo(age) }),
      ]),
    ),
    [attestation({ control_id: 'MANUAL', status: 'failed' })],
    [attestation({ control_id: 'other' }), attestation({ control_id: 'tested' }), attestation({ control_id: 'none' })],
    [attestation(), attestation({ status: 'failed', frequency: 'daily', updated: daysAgo(9) })],
    [attestation({ control_id: 'unknown' })],
  ];

  test('in every frequency, before and after its end', () => {
    expect(given.map(each => shape(ours(each).hdf))).toEqual(saf(given).map(shape));
  });
});

describe('an attestation is good until its period ends', () => {
  test.each([
    ['2026-01-31', 'monthly', '2026-02-28'],
    ['2024-02-29', 'annually', '2025-02-28'],
    ['2026-11-30', 'quarterly', '2027-02-28'],
    ['2026-12-30', '3d', '2027-01-02'],
  ])('%s and %s is %s', (...[updated, frequency, end]) => {
    expect(attestationEnds(attestation({ updated, frequency }))).toEqual(new Date(`${end}T00:00:00Z`));
  });
});

describe('what SAF would let stand for ever is refused', () => {
  test.each<[string, Partial<Record<keyof Attestation, unknown>>]>([
    ['a day that cannot be read', { updated: 'yesterday' }],
    ['a day that does not exist', { updated: '2026-02-30' }],
    ['a day in the future', { updated: '2999-01-01' }],
    ['an unknown unit', { frequency: '5h' }],
    ['a fraction', { frequency: '1.5y' }],
    ['no time at all', { frequency: '0d' }],
    ['another word', { frequency: 'sometimes' }],
    ['a status that is neither', { status: 'not_applicable' }],
    ['no explanation', { explanation: '' }],
    ['an unknown field', { note: 'x' } as object],
  ])('%s', (...[, change]) => {
    const parsed = parseAttestations(JSON.stringify([{ ...attestation(), ...change }]), now);
    expect(parsed).toMatchObject({ kind: 'refused', reason: 'attestation-invalid' });
  });

  test.each([[''], ['{}'], ['[]'], ['- a'], ['a: [']])('%j is no list of attestations', document => {
    expect(parseAttestations(document, now)).toMatchObject({ kind: 'refused', reason: 'attestation-invalid' });
  });
});

describe('an attestation without effect is told', () => {
  test.each([
    ['unknown', /no such control/],
    ['tested', /was not skipped/],
    ['none', /was not skipped/],
  ])('%s', (id, warning) => {
    expect(ours([attestation({ control_id: id })]).warnings).toEqual([expect.stringMatching(warning)]);
  });

  test('one that has expired', () => {
    expect(ours([attestation({ frequency: 'daily', updated: daysAgo(3) })]).warnings).toEqual([
      '"manual": the attestation has expired',
    ]);
  });

  test('the results that were given stay as they were', () => {
    const read = parseHdf(text);
    if (read.kind === 'refused') throw new Error(read.problem);
    applyAttestations(read.hdf, [attestation()], now);
    expect(JSON.stringify(read.hdf)).toBe(text);
  });
});
