// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { dated, given, image, now, problems, sourcesOf, web } from '../testing/consolidated.ts';
import { sampleText } from '../testing/samples.ts';
import { consolidate } from './consolidate.ts';
import type { Envelope } from './envelope.ts';

describe('an envelope', () => {
  const text = sampleText('clamav/clamscan-false-clean.txt');
  const sha256 = createHash('sha256').update(text).digest('hex');
  const envelope = (more: Partial<Envelope> = {}): Envelope => ({
    version: 1,
    tool: 'clamav',
    argv: ['clamscan', '-r', '--alert-exceeds-max=yes', 'big'],
    exit: 0,
    signal: null,
    started: '2026-11-29T11:00:00Z',
    finished: '2026-11-29T11:01:00Z',
    stderr: '',
    sha256,
    ...more,
  });
  const of = (more: Partial<Envelope>, source: object = {}) =>
    problems(web(text, { tool: 'clamav', target: 'host:a', ...source }, envelope(more)));

  test('says when a result was made that does not tell itself', () => {
    expect(of({}, { 'max-age': '2h' })).toEqual([]);
    expect(of({}, { 'max-age': '10m' })).toHaveLength(1);
  });

  test.each<[what: string, more: Partial<Envelope>, expected: string]>([
    [
      'the only trace of an error',
      { stderr: sampleText('clamav/clamscan-false-clean.stderr.txt') },
      'not-looked web.json: ClamAV told of an error on standard error',
    ],
    ['an exit code of a failure', { exit: 2 }, 'failed web.json: the scanner ended with exit code 2'],
    ['a signal', { exit: null, signal: 'SIGKILL' }, 'failed web.json: the scanner was ended by SIGKILL'],
    [
      'another result',
      { sha256: '0'.repeat(64) },
      'stale web.json: it is not what the scanner left: another run or another hand wrote it',
    ],
    ['no result', { sha256: null }, 'failed web.json: the scanner left no result'],
    ['another tool', { tool: 'trivy' }, 'wrong-tool web.json: its envelope is of trivy'],
    [
      'a call that says OK of what it did not look at',
      { argv: ['/usr/bin/clamscan', '-r', 'big'] },
      'unproven web.json: clamscan says OK of files beyond its limits: call it with --alert-exceeds-max=yes',
    ],
  ])('shows %s', (_what, more, expected) => expect(of(more)).toEqual([expected]));

  test('of a call that hides its limits is believed where somebody vouches for them', () => {
    expect(of({ argv: ['clamscan'] }, { accept: ['limits'] })).toEqual([]);
  });

  test('allows the exit code that the call chose for findings, but not the one of every failure', () => {
    const exit = (code: number, ...argv: string[]) => {
      const file = dated('2026-11-29T11:00:30Z');
      const digest = createHash('sha256').update(file).digest('hex');
      return problems(web(file, {}, envelope({ tool: 'trivy', exit: code, argv: ['trivy', ...argv], sha256: digest })));
    };
    expect(exit(7, '--exit-code', '7')).toEqual([]);
    expect(exit(7, '--exit-code=7')).toEqual([]);
    expect(exit(7)).toHaveLength(1);
    expect(exit(1, '--exit-code', '1')).toHaveLength(1);
  });

  test('that is none is a reason of its own', () => {
    const file = { ...given('web.json', text), envelope: '{"version":1}' };
    const { sources } = consolidate(sourcesOf({ ...image, tool: 'clamav', target: 'host:a' }), [file], now);
    expect(sources[0]?.problems).toMatchObject([{ reason: 'unreadable' }]);
  });

  test('shows that a text without a mark of its end is whole', () => {
    const yaml = sampleText('sonobuoy/sonobuoy_results.yaml').replace('status: skipped', 'status: passed');
    const digest = createHash('sha256').update(yaml).digest('hex');
    const sonobuoy = { tool: 'sonobuoy', target: 'cluster:prod' };
    const run = envelope({ tool: 'sonobuoy', sha256: digest });
    expect(problems(web(yaml, sonobuoy))).toEqual(['unproven web.json: nothing shows whether its last line is there']);
    expect(problems(web(yaml, sonobuoy, run))).toEqual([]);
    expect(problems(web(yaml.slice(0, -40), sonobuoy, run))).not.toEqual([]);
  });

  test('shows a result that was there before the scanner began', () => {
    const file = dated('2026-11-29T09:00:00Z');
    const digest = createHash('sha256').update(file).digest('hex');
    expect(problems(web(file, {}, envelope({ tool: 'trivy', sha256: digest })))).toEqual([
      'stale web.json: it is older than the run of its envelope: 2026-11-29T09:00:00.000Z',
    ]);
  });
});
