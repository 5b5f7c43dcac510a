// SPDX-License-Identifier: Apache-2.0
import { mergeFindings, toFinding } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import type { Reading } from '../reading.ts';
import { prints, problems, read, readJson, readText, rules, sampleText, summary } from '../testing/samples.ts';

interface Sample {
  [key: string]: unknown;
}

const parseSample = (name: string): Sample => JSON.parse(sampleText(name)) as Sample;

describe('Trivy', () => {
  test('tells packages of the system by name alone, and others by the file that they stand in', () => {
    expect(read('trivy/image-v2.json').findings[0]).toMatchObject({
      kind: 'vulnerability',
      rule: 'CVE-2019-1549',
      rating: { severity: 'medium', raw: 'MEDIUM', source: 'nvd' },
      place: { package: 'libcrypto1.1', path: undefined },
      installed: '1.1.1c-r0',
      fixed: '1.1.1d-r0',
      fixState: 'fixed',
    });
    expect(read('trivy/v1-list.json').findings[1]?.place).toMatchObject({ path: 'node-app/package-lock.json' });
    expect(read('trivy/image-unfixed.json').findings[0]).toMatchObject({ fixState: 'not-fixed', fixed: undefined });
  });

  test('keeps a vulnerability that has neither id nor severity, and tells so', () => {
    const reading = read('trivy/v1-list.json');
    expect(reading.findings[0]).toMatchObject({ rule: 'unidentified', rating: { severity: 'unknown' } });
    expect(reading.warnings).toEqual(['a vulnerability has no id']);
  });

  test('has the same rules before and after they were renamed', () => {
    expect(read('trivy/config-avd-id.json').findings[0]).toMatchObject({ rule: 'AWS-0143', aliases: ['AVD-AWS-0143'] });
    expect(rules(read('trivy/k8s-2022.json'))).toContain('KSV-0001 medium');
    expect(rules(read('trivy/config-helm.json'))).toContain('KSV-0001 medium');
  });

  test('never hands on the lines around a secret', () => {
    const { findings } = read('trivy/repo-secrets.json');
    expect(findings.map(({ evidence }) => evidence)).toEqual([
      'export AWS_ACCESS_KEY_ID=********************',
      'echo ********',
    ]);
    expect(findings.every(({ place }) => place.path === 'deploy.sh')).toBe(true);
  });

  test('warns where the system is out of support', () => {
    expect(read('trivy/image-v2.json').warnings).toEqual([
      'the operating system is out of support: advisories for it are no longer written',
    ]);
  });

  test('has looked at a cluster only if it could look at every resource, whose findings stand all the same', () => {
    const reading = read('trivy/k8s-all.json');
    expect(problems(reading)).toEqual(['not-looked: Trivy could not look at default/Deployment/private-image']);
    expect(reading.findings[0]?.place).toMatchObject({
      resource: 'default/Deployment/redis-follower gcr.io/google_samples/gb-redis-follower',
    });
  });

  test('has to have every class that is wanted', () => {
    const reading = read('trivy/image-v2.json', { parts: ['os-pkgs', 'lang-pkgs', 'secret'] });
    expect(problems(reading)).toEqual([
      'incomplete: there is no result of class lang-pkgs',
      'incomplete: there is no result of class secret, which leaves no trace where it finds nothing',
    ]);
    expect(read('trivy/image-v2.json', { parts: ['os-pkgs'] }).kind).toBe('looked');
    expect(read('trivy/k8s-2022.json', { parts: ['os-pkgs', 'config'] }).kind).toBe('looked');
  });

  test.each([
    ['null', 'not-looked: it is `null`: Trivy recognized nothing'],
    ['{"SchemaVersion":2,"ArtifactName":"a","Results":[]}', 'not-looked: it has no Results: Trivy recognized nothing'],
    [
      '{"SchemaVersion":3,"ArtifactName":"a","Results":[{"Class":"os-pkgs"}]}',
      'unreadable: its SchemaVersion is not 2',
    ],
    ['{"ClusterName":"a","Resources":[]}', 'not-looked: it lists no resource'],
    [
      '{"SchemaVersion":2,"ArtifactName":"a","Results":[{"Class":"os-pkgs","Vulnerabilities":{}}]}',
      'unreadable: Vulnerabilities is not a list',
    ],
    ['{"SchemaVersion":2,"ArtifactName":"a","Results":["os-pkgs"]}', 'unreadable: Results[0] is not an object'],
  ])('has not looked with %s', (text, problem) => expect(problems(readText('trivy', text))).toEqual([problem]));

  test('warns of a severity that nobody knows', () => {
    const text = sampleText('trivy/image-v2.json').replace('"Severity": "MEDIUM"', '"Severity": "SPICY"');
    const reading = readText('trivy', text);
    expect(reading.findings[0]?.rating).toMatchObject({ severity: 'unknown', raw: 'SPICY' });
    expect(reading.warnings).toContain('a severity is a word that is not known: "SPICY"');
  });

  test('takes what it suppresses itself for waived', () => {
    const document = parseSample('trivy/image-clean.json');
    const finding = { VulnerabilityID: 'CVE-1', PkgName: 'bash', Severity: 'HIGH' };
    const modified = {
      Type: 'vulnerability',
      Status: 'ignored',
      Statement: 'accepted',
      Source: '.trivyignore',
      Finding: finding,
    };
    const results = [{ Target: 'a', Class: 'os-pkgs', ExperimentalModifiedFindings: [modified] }];
    expect(readJson('trivy', { ...document, Results: results }).findings).toMatchObject([
      { rule: 'CVE-1', suppressed: { origin: 'trivy: .trivyignore', reason: 'accepted' } },
    ]);
  });
});

describe('Clair', () => {
  test('names advisories by their ids, and takes the CVE of a name that is none', () => {
    expect(rules(read('clair/v4.json'))).toEqual([
      'RHSA-2024:0628 medium',
      'CVE-2023-6004 low',
      'CVE-2022-41409 low',
      'RHSA-2023:5837 high',
      'GHSA-jq35-85cj-fj4p unknown',
    ]);
    expect(read('clair/v4.json').findings[0]?.aliases).toEqual(['CVE-2023-48795']);
  });

  test('tells a library by its file', () => {
    const places = read('clair/v4.json').findings.map(({ place }) => place.path);
    expect(places).toEqual([undefined, undefined, undefined, undefined, 'usr/bin/clairctl']);
  });

  test('says of nothing found that it may be the updaters', () => {
    expect(problems(read('clair/v4-none.json'))).toEqual([
      'unproven: no vulnerability: the image is clean, or the updaters had not run yet',
    ]);
  });

  test('has not looked if it names no package, or refers to what it does not have', () => {
    const document = parseSample('clair/v4.json');
    expect(problems(readJson('clair', { ...document, packages: {} }))[0]).toBe('not-looked: it names no package');
    expect(problems(readJson('clair', { ...document, vulnerabilities: {} }))).toEqual([
      'contradiction: it refers to a package or a vulnerability that it does not have',
    ]);
    expect(summary(readText('clair', sampleText('clair/v4.json').repeat(2)))).toBe('unreadable: 5 findings');
  });

  test('agrees with Trivy on what both report of an image', () => {
    const advisory = { name: 'CVE-2019-18276', normalized_severity: 'Negligible', links: '', updater: 'debian' };
    const clair = readJson('clair', {
      ...parseSample('clair/v4.json'),
      packages: { 1: { id: '1', name: 'bash', version: '5.0-4' } },
      environments: { 1: [{ package_db: 'var/lib/dpkg/status' }] },
      vulnerabilities: { 7: advisory },
      package_vulnerabilities: { 1: ['7'] },
    });
    const of = (reading: Reading, source: string) =>
      reading.findings.map(finding =>
        toFinding(finding, { source, tool: reading.about.tool, target: 'image:shop/web', area: 'images' }),
      );
    const merged = mergeFindings([...of(read('trivy/image-unfixed.json'), 'a'), ...of(clair, 'b')]);
    expect(merged).toHaveLength(2);
    expect(merged[0]).toMatchObject({
      rule: 'CVE-2019-18276',
      severity: 'low',
      reportedBy: [
        { tool: 'trivy', rating: { raw: 'LOW' } },
        { tool: 'clair', rating: { raw: 'Negligible' } },
      ],
    });
  });
});

describe('golangci-lint', () => {
  test('is the same finding on another line, and another one with another text', () => {
    const document = sampleText('golangci-lint/v2.json');
    const before = prints(readText('golangci-lint', document));
    expect(prints(readText('golangci-lint', document.replaceAll(/"(Line|Offset|From|To)": \d+/g, '"$1": 7')))).toEqual(
      before,
    );
    expect(prints(readText('golangci-lint', document.replace('occured', 'ocurred')))).not.toEqual(before);
  });

  test('maps the words of its users, and has no severity without one', () => {
    expect(rules(read('golangci-lint/v2.json'))).toEqual([
      'misspell unknown',
      'govet high',
      'revive none',
      'gocritic medium',
    ]);
  });

  test('is a new ruleset when other linters run', () => {
    expect(read('golangci-lint/typecheck.json').about.ruleset).toBe('gosec typecheck');
  });

  test.each([
    [
      'an error of its own',
      { Error: 'failed', Linters: [{ Name: 'govet', Enabled: true }] },
      'not-looked: golangci-lint reports an error of its own',
    ],
    ['no linter', { Linters: [{ Name: 'govet' }] }, 'not-looked: no linter was enabled'],
    ['no list of linters', {}, 'not-looked: there is no list Report.Linters'],
  ])('has not looked with %s', (_what, report, problem) =>
    expect(problems(readJson('golangci-lint', { Issues: [], Report: report }))).toContain(problem),
  );

  test('has to have run every linter that is wanted', () => {
    expect(problems(read('golangci-lint/v2.json', { parts: ['misspell', 'gosec'] }))).toEqual([
      'incomplete: the linter gosec did not run',
    ]);
  });

  test('stands alone on its stream, but for its statistics', () => {
    const text = sampleText('golangci-lint/v2-stats-after.txt');
    expect(readText('golangci-lint', text).warnings).toEqual(['statistics follow the report: pass --show-stats=false']);
    expect(summary(readText('golangci-lint', `level=error msg="x"\n${text}`))).toBe('unreadable: 1 findings');
  });
});

describe('FOSSA', () => {
  test('leaves out what is resolved, and tells packages without their version', () => {
    const { findings } = read('fossa/issues.json');
    expect(findings.map(({ kind, rule, place }) => ({ kind, rule, place }))).toEqual([
      { kind: 'vulnerability', rule: 'CVE-2021-23337', place: { package: 'lodash' } },
      { kind: 'licence', rule: 'unlicensed_dependency', place: { resource: 'mvn+org.apache.struts:struts-core' } },
    ]);
  });

  test.each(['CREATED', 'RUNNING', ''])('has not looked with the status %p', status => {
    expect(summary(readJson('fossa', { ...parseSample('fossa/none.json'), status }))).toBe('not-looked: 0 findings');
  });
});
