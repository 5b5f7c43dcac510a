// SPDX-License-Identifier: Apache-2.0
import { applyWaivers, toFinding } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import type { Reading } from '../reading.ts';
import { problems, read, readJson, readText, sampleText, summary } from '../testing/samples.ts';

describe('GitLab', () => {
  const text = sampleText('trivy/image.gitlab.json');

  test('names vulnerabilities by their first identifier', () => {
    expect(read('trivy/image.gitlab.json').findings[0]).toMatchObject({
      kind: 'vulnerability',
      rule: 'CVE-2019-1549',
      rating: { severity: 'medium' },
      place: { package: 'libcrypto1.1' },
    });
  });

  test.each([
    [
      'a failed scan',
      text.replace('"status": "success"', '"status": "failure"'),
      'not-looked: scan.status is "failure", not success',
    ],
    [
      'a message of an error',
      text.replace('"status": "success"', '"status": "success", "messages": [{"level": "fatal", "value": "x"}]'),
      'not-looked: scan.messages report an error',
    ],
    [
      'another version',
      text.replace('"version": "15.0.7"', '"version": "2.0"'),
      'unreadable: its version is neither 14 nor 15',
    ],
  ])('has not looked with %s', (_what, changed, problem) => {
    expect(changed).not.toBe(text);
    expect(problems(readText('gitlab', changed))).toEqual([problem]);
  });

  test('by the template of Trivy says success whatever happened', () => {
    const none = { ...(JSON.parse(text) as object), vulnerabilities: [] };
    expect(problems(readJson('gitlab', none))).toEqual([
      'unproven: no vulnerability: the template of Trivy always says success',
    ]);
  });
});

describe('CycloneDX', () => {
  const text = sampleText('generic/cyclonedx-vulnerabilities.cdx.json');

  test('takes the rating of the authority that is asked for, else of the source, else the highest', () => {
    const severityBy = (...ratings: string[]) =>
      read('generic/cyclonedx-vulnerabilities.cdx.json', { ratings }).findings[0]?.rating;
    expect(severityBy()).toMatchObject({ severity: 'critical', source: 'nvd' });
    expect(severityBy('amazon')).toMatchObject({ severity: 'medium', source: 'amazon' });
    expect(severityBy('nobody', 'amazon')).toMatchObject({ severity: 'medium', source: 'amazon' });
  });

  test('tells the package of each reference', () => {
    expect(read('generic/cyclonedx-vulnerabilities.cdx.json').findings[0]).toMatchObject({
      place: { package: 'libidn2-0', purl: 'pkg:deb/debian/libidn2-0@2.0.5-1?distro=debian-10.2' },
      installed: '2.0.5-1',
    });
  });

  test('waives what is analysed away, and nothing else', () => {
    const analysed = (state: string) =>
      text.replace('"id": "CVE-2019-18224"', `"id": "CVE-2019-18224", "analysis": {"state": "${state}"}`);
    expect(analysed('not_affected')).not.toBe(text);
    expect(readText('cyclonedx', analysed('not_affected')).findings[0]?.suppressed).toMatchObject({
      reason: 'not_affected',
    });
    expect(readText('cyclonedx', analysed('exploitable')).findings[0]?.suppressed).toBeUndefined();
    expect(problems(readText('cyclonedx', analysed('perhaps')))).toEqual([
      'unreadable: an analysis has a status that is not known: "perhaps"',
    ]);
  });

  test.each(['1.4', '1.5', '1.6', '1.7'])('is read in version %s', version =>
    expect(readText('cyclonedx', text.replace('"specVersion": "1.7"', `"specVersion": "${version}"`)).kind).toBe(
      'looked',
    ),
  );

  test('is refused in a version that nobody has read', () => {
    expect(summary(readText('cyclonedx', text.replace('"specVersion": "1.7"', '"specVersion": "2.0"')))).toBe(
      'unreadable: 2 findings',
    );
  });

  test('without a list of vulnerabilities is an inventory', () => {
    const { vulnerabilities: _left, ...inventory } = JSON.parse(text) as { vulnerabilities: unknown };
    expect(problems(readJson('cyclonedx', inventory))).toContain('not-looked: there is no list vulnerabilities');
  });

  test('as VEX excuses the package that it names', () => {
    expect(read('generic/cyclonedx-vex.json').statements).toMatchObject([
      {
        key: { by: 'statement', names: ['CVE-2020-25649', 'SNYK-JAVA-COMFASTERXMLJACKSONCORE-1048302'] },
        origin: 'CycloneDX VEX',
      },
    ]);
  });
});

describe('OpenVEX', () => {
  const text = sampleText('generic/openvex.json');
  const names = (reading: Reading) => reading.statements.map(({ key }) => (key.by === 'statement' ? key.names[0] : ''));

  test('excuses what is not affected or fixed, in both of its forms', () => {
    expect(names(read('generic/openvex.json'))).toEqual([
      'CVE-2024-10001',
      'CVE-2024-10003',
      'CVE-2024-10005',
      'CVE-2024-10006',
    ]);
  });

  test('excuses a finding of the same package and version', () => {
    const finding = (version: string) =>
      toFinding(
        {
          kind: 'vulnerability',
          rule: 'GHSA-jfh8-c2jp-5v3q',
          aliases: [],
          title: '',
          rating: { severity: 'critical', raw: '', source: '' },
          place: { package: 'zlib', purl: `pkg:apk/alpine/zlib@${version}?arch=x86_64&distro=alpine-3.10.9` },
        },
        { source: 'a', tool: 'trivy', target: 'image:a', area: 'images' },
      );
    const { statements } = read('generic/openvex.json');
    expect(applyWaivers([finding('1.2.11-r1')], statements, new Date()).waived.size).toBe(1);
    expect(applyWaivers([finding('1.2.12-r0')], statements, new Date()).waived.size).toBe(0);
  });

  test('is taken back by a later statement', () => {
    const { statements, ...rest } = JSON.parse(text) as { statements: object[] };
    const again = { ...statements[0], status: 'affected', timestamp: '2026-08-01T00:00:00Z' };
    const before = { ...again, timestamp: '2026-07-01T00:00:00Z' };
    expect(names(readJson('openvex', { ...rest, statements: [again, ...statements] }))).not.toContain('CVE-2024-10001');
    expect(names(readJson('openvex', { ...rest, statements: [...statements, before] }))).toContain('CVE-2024-10001');
  });

  test.each([
    [
      'a status that is not known',
      text.replace('"under_investigation"', '"unsure"'),
      'unreadable: a statement has a status that is not known: "unsure"',
    ],
    [
      'no justification',
      text.replace(/"justification": "vulnerable_code_not_present",/, ''),
      'unreadable: a statement says not_affected and gives no justification',
    ],
  ])('is refused with %s', (_what, changed, problem) => {
    expect(changed).not.toBe(text);
    expect(problems(readText('openvex', changed))).toEqual([problem]);
  });

  test('about an image as such excuses nothing, and says so', () => {
    const image = text.replace(
      'pkg:apk/alpine/apk-tools@2.10.6-r0?arch=x86_64&distro=alpine-3.10.9',
      'pkg:oci/web@sha256%3A00',
    );
    const reading = readText('openvex', image);
    expect(names(reading)).not.toContain('CVE-2024-10001');
    expect(reading.warnings).toContain('a statement is about an image: that is not compared, so it excuses nothing');
  });
});

describe('HDF', () => {
  const check = (status: string, more: object = {}) => ({
    status,
    code_desc: 'File /a mode',
    start_time: '2026-11-29T10:00:00+00:00',
    ...more,
  });
  const control = (id: string, results: object[], more: object = {}) => ({
    id,
    title: `Title of ${id}`,
    impact: 0.7,
    refs: [],
    tags: { nist: ['AC-6'] },
    source_location: {},
    results,
    ...more,
  });
  const file = (...controls: object[]) => ({
    platform: { name: 'debian', release: '12', target_id: 'web' },
    version: '5.24.0',
    statistics: {},
    profiles: [{ name: 'base', version: '2.1.0', sha256: 'x', supports: [], attributes: [], groups: [], controls }],
  });

  test('finds each control that failed, and leaves the skipped ones open', () => {
    const reading = readJson(
      'hdf',
      file(
        control('a', [check('failed', { message: 'expected 0600' })]),
        control('b', [check('passed')]),
        control('c', [check('skipped')]),
      ),
    );
    expect(reading).toMatchObject({
      kind: 'looked',
      unchecked: ['c'],
      passes: [{ rule: 'b' }],
      about: { ruleset: 'base 2', target: 'web' },
    });
    expect(reading.findings).toMatchObject([
      { rule: 'a', rating: { severity: 'high' }, nist: ['AC-6'], evidence: 'expected 0600' },
    ]);
  });

  test.each<[what: string, document: object, expected: string]>([
    [
      'a control that broke',
      file(control('a', [check('passed')]), control('b', [check('failed', { backtrace: ['x'] })])),
      'not-looked: 0 findings',
    ],
    ['controls without results', file(control('a', [])), 'not-looked: 0 findings'],
    ['nothing but skips', file(control('a', [check('skipped')])), 'not-looked: 0 findings'],
    ['no control', file(), 'not-looked: 0 findings'],
    ['a status that is not one', file(control('a', [check('odd')])), 'unreadable: 0 findings'],
  ])('has not looked with %s', (_what, document, expected) =>
    expect(summary(readJson('hdf', document))).toBe(expected),
  );
});
