// SPDX-License-Identifier: Apache-2.0
// What the redaction takes out must be gone from every report, and take nothing else with it.
import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, property } from 'fast-check';
import { parseHdf } from '../../outcome/hdf.ts';
import { renderHdf } from '../../report/hdf-report.ts';
import { auditedOf } from '../../report/registry.ts';
import { formats } from '../../report/testing/formats.ts';
import { hostileModel } from '../../report/testing/hostile-model.ts';
import { hostileTexts } from '../../report/testing/hostile-texts.ts';
import { findCommands } from '../../report/testing/platforms.ts';
import { toViews } from '../../report/views.ts';
import { Secret } from '../../request/index.ts';
import { makeRedactor } from './redact.ts';
import { redactModel } from './redact-model.ts';

const own = 'pa&ss"wo<rd`1|2\'=x';
const hash = `$6$saltsalt$${'aB3./xYz'.repeat(11).slice(0, 86)}`;
const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQ+/\n'.repeat(3)}-----END RSA PRIVATE KEY-----`;
const token = `ghp_${'a1B2'.repeat(9)}`;
/** Each with a part of it that no report may hold, however it is written. */
const secrets: [planted: string, part: string][] = [
  [own, 'ss"wo'],
  [hash, hash.slice(20, 60)],
  [key, 'MIIEvQIBADANBgkqhkiG9w0BAQ'],
  [
    `-----BEGIN RSA PRIVATE\u001b[0m KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQ+/\n'.repeat(3)}`,
    'MIIEvQIBADANBgkqhkiG9w0BAQ',
  ],
  [token, token.slice(8, 30)],
  [`${token.slice(0, 12)}\u200b${token.slice(12)}`, token.slice(20, 38)],
  [`${hash.slice(0, 20)}\u001b]0;title\u0007${hash.slice(20)}`, hash.slice(30, 60)],
];
const redactor = makeRedactor([new Secret(own)]);

// A token begins where a word does.
const pieces = [
  ...hostileTexts.filter(text => text.length < 1000),
  ...secrets.map(([planted]) => ` ${planted}\n`),
  '-----BEGIN RSA PRIVATE\u001b[0m KEY-----',
  '-----BEGIN RSA PRIVATE KEY-----',
  'a line with a longer run: ````\n```\n# Injected heading\n\n@octocat ![x](https://evil.example/x.png)',
  '\n',
  '`',
  '\\',
  '"',
  'eyJhbGciOiJI.eyJzdWIiOiIx.sig',
  'https://u:p@h/',
];
const texts = array(constantFrom(...pieces), { minLength: 1, maxLength: 6 }).map(parts => parts.join(''));

describe.each(Object.entries(formats))('%s', (_, { render, decode, problems, problemsOfAll }) => {
  test('of fuzzed texts is whole, without a command, and without a secret', async () => {
    const reports: string[] = [];
    assert(
      property(texts, text => {
        const report = render(redactModel(hostileModel(text), redactor));
        reports.push(report);
        expect(problems(report)).toEqual([]);
        expect(findCommands(report)).toEqual([]);
        const read = decode(report);
        for (const [, part] of secrets)
          expect({ part, isThere: read.includes(part) }).toEqual({ part, isThere: false });
      }),
      { numRuns: 30, seed: 20_260_201 },
    );
    expect((await problemsOfAll?.(reports.slice(0, 20))) ?? []).toEqual([]);
  });
});

test('result files are read as before, and hold no key, no hash and no secret of the run', () => {
  assert(
    property(texts, text => {
      const model = redactModel(hostileModel(text), redactor);
      for (const outcome of auditedOf(model)) {
        const file = renderHdf(outcome);
        expect(parseHdf(file)).toMatchObject({ kind: 'hdf' });
        const said = JSON.parse(file) as unknown;
        for (const [planted, part] of secrets.filter(([each]) => !each.startsWith('ghp_')))
          expect({ planted, isThere: JSON.stringify(said).includes(JSON.stringify(part).slice(1, -1)) }).toEqual({
            planted,
            isThere: false,
          });
      }
    }),
    { numRuns: 30, seed: 20_260_202 },
  );
});

test('a model is shown whole without its secrets: every control that was counted has its row', () => {
  assert(
    property(texts, text => {
      const [view] = toViews(redactModel(hostileModel(text), redactor)).filter(({ trouble }) => trouble === undefined);
      expect(view?.rows.length).toBe(5);
    }),
    { numRuns: 30, seed: 20_260_203 },
  );
});

test('a secret called as one of our words takes nothing from a report but that word in texts', () => {
  for (const word of ['failed', 'passed', 'skipped', 'medium', 'status', 'results', 'controls', 'baseline']) {
    const model = redactModel(hostileModel(`it says ${word} here`), makeRedactor([new Secret(word)]));
    const [view] = toViews(model).filter(({ trouble }) => trouble === undefined);
    expect(view?.rows.map(({ status }) => status).toSorted()).toEqual([
      'error',
      'failed',
      'failed',
      'no_impact',
      'skipped',
    ]);
    for (const { render, problems } of Object.values(formats)) expect(problems(render(model))).toEqual([]);
  }
});
