// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { RawFinding } from './finding.ts';
import { toFinding } from './merge.ts';
import { coversPurl, parsePurl } from './purl.ts';
import { aFinding, attribution } from './testing/findings.ts';
import { applyWaivers, type FindingWaiver, parseWaiverKey, type WaiverKey } from './waivers.ts';

const now = new Date('2026-11-29T00:00:00Z');
const later = new Date('2027-01-01T00:00:00Z');
const purl = 'pkg:deb/debian/bash@5.0-4?arch=amd64&distro=debian-10.1';
const of = (raw: Partial<RawFinding> = {}) =>
  toFinding({ ...aFinding, place: { package: 'bash', purl }, ...raw }, attribution('a'));
const waiver = (key: WaiverKey, expires: Date | undefined = later): FindingWaiver => ({
  key,
  reason: 'accepted',
  origin: 'waivers.yml',
  expires,
});
const byRule = (rule: string, target?: string): WaiverKey => ({ by: 'rule', tool: 'trivy', rule, target });
const statement = (name: string, about: string): WaiverKey => ({ by: 'statement', names: [name], purl: about });

const isWaived = (key: WaiverKey, finding = of()) =>
  applyWaivers([finding], [waiver(key)], now).waived.has(finding.fingerprint);

describe('a waiver', () => {
  test('is keyed by a fingerprint, a rule or a rule at a target', () => {
    expect(isWaived({ by: 'fingerprint', fingerprint: of().fingerprint })).toBe(true);
    expect(isWaived(byRule('CVE-2019-18276'))).toBe(true);
    expect(isWaived(byRule('CVE-2019-18276', 'image:shop/web:2.0'))).toBe(true);
    expect(isWaived(byRule('CVE-2019-18276', 'image:shop/api'))).toBe(false);
    expect(isWaived(byRule('CVE-2019-18277'))).toBe(false);
  });

  test('of one tool does not excuse what another one reports too', () => {
    const finding = of();
    const both = {
      ...finding,
      reportedBy: finding.reportedBy.flatMap(each => [each, { ...each, source: 'b', tool: 'clair' }]),
    };
    expect(isWaived(byRule('CVE-2019-18276'), both)).toBe(false);
  });

  test('that names an alias of a rule applies', () => {
    expect(isWaived(byRule('AVD-AWS-0143'), of({ rule: 'AWS-0143', aliases: ['AVD-AWS-0143'] }))).toBe(true);
  });

  test('that has expired does not apply, and is told', () => {
    const old = waiver(byRule('CVE-2019-18276'), now);
    const applied = applyWaivers([of()], [old], now);
    expect(applied).toMatchObject({ expired: [old], unused: [] });
    expect(applied.waived.size).toBe(0);
  });

  test('without an end does not apply to a high finding, and applies to a low one', () => {
    const endless = { ...waiver(byRule('CVE-2019-18276')), expires: undefined };
    expect(applyWaivers([of()], [endless], now)).toMatchObject({ endless: [endless], unused: [] });
    expect(applyWaivers([of()], [endless], now).waived.size).toBe(0);
    const low = of({ rating: { severity: 'low', raw: '', source: '' } });
    expect(applyWaivers([low], [endless], now).waived.size).toBe(1);
  });

  test('that meets no finding is told', () => {
    const lost = waiver(byRule('CVE-1'));
    expect(applyWaivers([of()], [lost], now).unused).toEqual([lost]);
  });

  test('is what a result says of itself, if all who reported the finding say so', () => {
    const finding = of({ suppressed: { origin: 'SARIF', reason: 'false positive' } });
    expect(applyWaivers([finding], [], now).waived.get(finding.fingerprint)).toBe('SARIF: false positive');
    const both = { ...finding, reportedBy: [...finding.reportedBy, ...of().reportedBy] };
    expect(applyWaivers([both], [], now).waived.size).toBe(0);
  });
});

describe('a VEX statement', () => {
  test.each([
    ['the same package', purl, true],
    ['the package in every version', 'pkg:deb/debian/bash', true],
    ['the version without qualifiers', 'pkg:deb/debian/bash@5.0-4', true],
    ['another version', 'pkg:deb/debian/bash@5.0-5', false],
    ['another architecture', 'pkg:deb/debian/bash@5.0-4?arch=arm64', false],
    ['another distribution', 'pkg:deb/ubuntu/bash@5.0-4', false],
    ['something that is not a package URL', 'bash', false],
    ['nothing', '', false],
  ])('about %s: %p is %p', (_about, product, applies) =>
    expect(isWaived(statement('CVE-2019-18276', product))).toBe(applies),
  );

  test('applies under any name of the vulnerability, whatever its case', () => {
    expect(isWaived(statement('cve-2019-18276', purl))).toBe(true);
    expect(isWaived(statement('GHSA-1', purl), of({ aliases: ['GHSA-1'] }))).toBe(true);
    expect(isWaived(statement('CVE-2019-1', purl))).toBe(false);
  });

  test('needs no end, and applies to nothing but vulnerabilities', () => {
    const vex = { ...waiver(statement('CVE-2019-18276', purl)), expires: undefined };
    expect(applyWaivers([of()], [vex], now).waived.size).toBe(1);
    expect(applyWaivers([of({ kind: 'lint' })], [vex], now).waived.size).toBe(0);
  });
});

describe('a package URL', () => {
  test.each([
    ['pkg:npm/%40angular/core@1.0.0', 'npm/@angular/core', '1.0.0'],
    ['pkg:npm/@angular/core', 'npm/@angular/core', undefined],
    ['pkg:NPM/lodash@4.17.4#lib', 'npm/lodash', '4.17.4'],
    [
      'pkg:golang/github.com/docker/docker@v23.0.5%2Bincompatible',
      'golang/github.com/docker/docker',
      'v23.0.5+incompatible',
    ],
  ])('%p is read', (text, name, version) => expect(parsePurl(text)).toMatchObject({ name, version }));

  test.each(['', 'pkg:', 'pkg:npm', 'npm/lodash', 'pkg:npm/%zz'])('%p is refused', text => {
    expect(parsePurl(text)).toBeUndefined();
    expect(coversPurl(text, text)).toBe(false);
  });
});

describe('the key of a waiver', () => {
  test.each([
    ['a'.repeat(64), { by: 'fingerprint', fingerprint: 'a'.repeat(64) }],
    ['trivy:CVE-1', { by: 'rule', tool: 'trivy', rule: 'CVE-1', target: undefined }],
    ['trivy:CVE-1@image:shop/web', { by: 'rule', tool: 'trivy', rule: 'CVE-1', target: 'image:shop/web' }],
    ['eslint:@scope/rule', { by: 'rule', tool: 'eslint', rule: '@scope/rule', target: undefined }],
    ['CVE-1', undefined],
    ['trivy:', undefined],
    ['', undefined],
  ])('%p is %p', (text, key) => expect(parseWaiverKey(text)).toEqual(key));
});
