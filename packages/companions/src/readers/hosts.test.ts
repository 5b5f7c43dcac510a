// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { prints, problems, read, readJson, readText, rules, sampleText, summary } from '../testing/samples.ts';

interface Sample {
  [key: string]: unknown;
}

const parseSample = (name: string): Sample => JSON.parse(sampleText(name)) as Sample;

describe('kubesec', () => {
  test('is the same finding with and without ids of rules', () => {
    const document = sampleText('kubesec/two-objects.json');
    const without = document.replaceAll(/"id": "\w+",/g, '');
    expect(without).not.toBe(document);
    expect(prints(readText('kubesec', without))).toEqual(prints(readText('kubesec', document)));
  });

  test('rates by its points', () => {
    expect(rules(read('kubesec/two-objects.json'))).toEqual(['CapSysAdmin high', 'LimitsCPU low', 'LimitsCPU low']);
  });

  test.each([
    [{ object: 'a', valid: false, message: 'x', score: 0, scoring: {} }, 'not-looked: kubesec did not look at a'],
    [
      { object: 'a', valid: true, message: 'This resource kind is not supported by kubesec', score: 0, scoring: {} },
      'not-looked: kubesec did not look at a',
    ],
    [{ object: 'a', valid: true, message: 'x', score: 0 }, 'not-looked: no rule was applied to a'],
    [{ object: 'a', valid: true, message: 'x', scoring: {} }, 'unreadable: a has no score'],
  ])('has not looked at %j', (object, problem) => expect(problems(readJson('kubesec', [object]))).toEqual([problem]));
});

describe('kube-hunter', () => {
  test('is the same finding from another pod and at another address', () => {
    const document = sampleText('kube-hunter/many.json');
    const moved = document.replaceAll('kube-hunter-5pmjs', 'kube-hunter-x2x4z').replaceAll('10.0.1.1', '10.0.9.9');
    expect(prints(readText('kube-hunter', moved.replaceAll('10.16.0.1', 'fd00::7')))).toEqual(
      prints(readText('kube-hunter', document)),
    );
  });

  test('has names in the place of ids that are the word None', () => {
    expect(rules(read('kube-hunter/many.json'))).toContain('CAP_NET_RAW Enabled medium');
  });
});

describe('Vuls', () => {
  test('takes the newest CVSS, and the word of a source only without one', () => {
    expect(rules(read('vuls/v4-reported.json'))).toEqual(['CVE-2023-3316 medium', 'CVE-2023-6277 medium']);
    expect(rules(read('vuls/v2.json'))).toEqual(['CVE-2014-9940 high', 'CVE-2014-8128 unknown']);
    const words = sampleText('vuls/v4-reported.json').replaceAll('"cvss3Score": 6.5', '"cvss3Score": 0');
    expect(read('vuls/v4-reported.json').findings[0]?.rating.source).toBe('cvss3Score');
    expect(readText('vuls', words).findings[0]?.rating).toMatchObject({ severity: 'medium', source: 'severity' });
  });

  test.each([
    ['0001-01-01T00:00:00Z', 'not-looked'],
    ['', 'not-looked'],
    ['2026-08-20T10:05:00Z', 'looked'],
  ])('reported at %p has %s', (reportedAt, kind) =>
    expect(readJson('vuls', { ...parseSample('vuls/v4-reported.json'), reportedAt }).kind).toBe(kind),
  );

  test('that found nothing may have had no databases', () => {
    const reading = readJson('vuls', { ...parseSample('vuls/v4-reported.json'), scannedCves: {} });
    expect(problems(reading)).toEqual(['unproven: no vulnerability: the host is clean, or the databases were empty']);
  });

  test('of server mode is read with a warning', () => {
    const reading = readJson('vuls', { ...parseSample('vuls/v4-reported.json'), jsonVersion: 0 });
    expect(reading).toMatchObject({ kind: 'looked', warnings: ['its version is 0, as server mode writes it'] });
  });
});

describe('ClamAV', () => {
  const text = sampleText('clamav/clamscan-found.txt');

  test('tells a path with a colon, and two signatures in one file', () => {
    expect(read('clamav/clamscan-found.txt').findings.map(({ rule, place }) => `${place.path}|${rule}`)).toEqual([
      'tree/marker.txt|Cinc.Test.Marker.UNOFFICIAL',
      'tree/sub/with: colon and space.txt|Cinc.Test.Marker.UNOFFICIAL',
      'tree/sub/with: colon and space.txt|Cinc.Test.Second.UNOFFICIAL',
    ]);
  });

  test.each([
    ['PUA.Win.Tool', 'low'],
    ['Heuristics.Encrypted.Zip', 'medium'],
    ['Win.Test.EICAR_HDB-1', 'high'],
  ])('rates %s as %s', (signature, severity) => {
    const reading = readText('clamav', text.replaceAll('Cinc.Test.Marker.UNOFFICIAL', signature));
    expect(reading.findings[0]?.rating.severity).toBe(severity);
  });

  test.each([
    ['a line of the library', `LibClamAV Error: Can't create temporary directory\n${text}`],
    ['a closed folder', text.replace('tree/clean.txt: OK', "tree/x: Can't open directory.")],
    ['an error', text.replace('tree/clean.txt: OK', 'tree/x: Can’t read file ERROR')],
    ['a name with a line break', text.replace('tree/clean.txt: OK', 'tree/x\ny.txt: OK')],
    ['errors that are counted', text.replace('Data scanned', 'Total errors: 1\nData scanned')],
    ['no signatures', text.replace('Known viruses: 2', 'Known viruses: 0')],
    ['no file', text.replace('Scanned files: 3', 'Scanned files: 0')],
  ])('has not looked with %s', (_what, changed) => {
    expect(changed).not.toBe(text);
    expect(summary(readText('clamav', changed))).toBe('not-looked: 3 findings');
  });

  test.each([
    ['another count than lines', text.replace('Infected files: 2', 'Infected files: 0'), 'contradiction'],
    [
      'a summary in the name of a file',
      text.replace('tree/clean.txt', '----------- SCAN SUMMARY -----------\nx'),
      'unreadable',
    ],
    ['no end', text.replace(/End Date.*\n/, ''), 'unreadable'],
    ['no count', text.replace(/Infected files.*\n/, ''), 'unreadable'],
  ])('is not believed with %s', (_what, changed, reason) => {
    expect(changed).not.toBe(text);
    expect(problems(readText('clamav', changed)).map(problem => problem.split(':')[0])).toContain(reason);
  });

  test('that found nothing through its daemon does not say how much it looked at', () => {
    const none = sampleText('clamav/clamdscan-found.txt')
      .replaceAll(/.*FOUND\n/g, '')
      .replace('Infected files: 2', 'Infected files: 0');
    expect(summary(readText('clamav', none))).toBe('unproven: 0 findings');
  });
});
