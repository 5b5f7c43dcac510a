// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { RawFinding } from './finding.ts';
import { fingerprintOf } from './fingerprint.ts';
import { mergeFindings, toFinding } from './merge.ts';
import { bySeverity, highestSeverity, severityOfScore, severityOfWord } from './severity.ts';
import { stableImage, stablePod, stableTarget } from './stable.ts';
import { aFinding, anyFinding, attribution } from './testing/findings.ts';

const print = (finding: Partial<RawFinding>, origin: Partial<{ tool: string; target: string }> = {}) =>
  fingerprintOf({ ...aFinding, ...finding }, { tool: 'trivy', target: 'image:shop/web', ...origin });

const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const podSuffix = fc.stringMatching(/^[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/);

describe('the fingerprint of a finding', () => {
  test('stays when the image is built anew', () => {
    fc.assert(
      fc.property(tag, digest, (name, sum) => {
        const was = print({}, { target: 'image:registry:5000/shop/web' });
        expect(print({}, { target: `image:registry:5000/shop/web:${name}` })).toBe(was);
        expect(print({}, { target: `image:registry:5000/shop/web@sha256:${sum}` })).toBe(was);
        expect(print({}, { target: `image:registry:5000/shop/web:${name}@sha256:${sum}` })).toBe(was);
      }),
    );
  });

  test('stays when the pod has another name', () => {
    fc.assert(
      fc.property(podSuffix, suffix => {
        expect(print({}, { target: `pod:shop/web-${suffix}` })).toBe(print({}, { target: 'pod:shop/web' }));
      }),
    );
  });

  test('stays when a line moves, an advisory is reworded or a new version is still vulnerable', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.string(), (line, text, version) => {
        const moved = { place: { ...aFinding.place, line, purl: `pkg:deb/debian/bash@${version}` } };
        const reworded = { title: text, evidence: text, installed: version, fixed: version, refs: [text] };
        const rated = { rating: { severity: 'critical' as const, raw: text, source: text }, aliases: [text] };
        expect(print({ ...moved, ...reworded, ...rated })).toBe(print({}));
      }),
    );
  });

  test('stays when a file of a package has its version in its name', () => {
    const at = (path: string) => print({ place: { package: 'foo', path } });
    expect(at('app/lib/foo-1.2.3.jar')).toBe(at('app/lib/foo-1.10.0.jar'));
    expect(at('app/lib/foo-1.2.3-SNAPSHOT.jar')).toBe(at('app/lib/foo-1.2.4.jar'));
    expect(at('app/lib/foo-1.2.3.jar')).not.toBe(at('app/lib/bar-1.2.3.jar'));
  });

  test('is one for a vulnerability that two scanners report, and two for their own rules', () => {
    expect(print({}, { tool: 'clair' })).toBe(print({}));
    expect(print({ rule: 'cve-2019-18276' })).toBe(print({}));
    const config = { kind: 'misconfiguration' as const, rule: 'C-0016' };
    expect(print(config, { tool: 'kubescape' })).not.toBe(print(config));
  });

  test('tells rule, target, package, path, resource and mark apart', () => {
    const all = [
      print({}),
      print({ rule: 'CVE-2019-1' }),
      print({ ruleKey: 'CVE-2019-2' }),
      print({ kind: 'lint' }),
      print({}, { target: 'image:shop/api' }),
      print({ place: { package: 'zsh' } }),
      print({ place: { package: 'bash', path: 'a' } }),
      print({ place: { package: 'bash', resource: 'a' } }),
      print({ mark: 'a' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('has no two meanings, whatever the texts', () => {
    const text = fc.string({ maxLength: 4, unit: fc.constantFrom('a', '"', ',', '\\', '[', '\n', '') });
    fc.assert(
      fc.property(fc.tuple(text, text, text, text), fc.tuple(text, text, text, text), (one, other) => {
        const of = ([rule, path, resource, mark]: [string, string, string, string]) =>
          print({ kind: 'lint', rule, place: { path, resource }, mark });
        expect(of(one) === of(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});

describe('names that change', () => {
  test.each([
    ['shop/web', 'shop/web'],
    ['shop/web:1.2', 'shop/web'],
    ['localhost:5000/web', 'localhost:5000/web'],
    ['localhost:5000/web:1@sha256:00', 'localhost:5000/web'],
    ['', ''],
  ])('the image %p is %p', (reference, name) => expect(stableImage(reference)).toBe(name));

  test.each([
    ['web-5d4f8c9b7d-x2x4z', 'web'],
    ['agent-x2x4z', 'agent'],
    ['kube-proxy', 'kube-proxy'],
    ['web-tests', 'web-tests'],
    ['web-0', 'web-0'],
  ])('the pod %p is of %p', (name, workload) => expect(stablePod(name)).toBe(workload));

  test('a target of another kind stays as it is', () => {
    expect(stableTarget('cluster:prod/role:node')).toBe('cluster:prod/role:node');
    expect(stableTarget('no scheme: at all')).toBe('no scheme: at all');
  });
});

describe('severities', () => {
  test.each([
    ['CRITICAL', 'critical'],
    ['Defcon1', 'critical'],
    ['Important', 'high'],
    [' Moderate ', 'medium'],
    ['Negligible', 'low'],
    ['UNKNOWN', 'unknown'],
    ['constructor', undefined],
    ['', undefined],
  ])('the word %p is %p', (word, severity) => expect(severityOfWord(word)).toBe(severity));

  test.each([
    [10, 'critical'],
    [9, 'critical'],
    [8.9, 'high'],
    [6.9, 'medium'],
    [0.1, 'low'],
    [0, 'none'],
    [-1, 'unknown'],
    [11, 'unknown'],
    [Number.NaN, 'unknown'],
  ])('the score %p is %p', (score, severity) => expect(severityOfScore(score)).toBe(severity));

  test('an unknown one outweighs none that is known, and sorts with medium', () => {
    expect(highestSeverity(['unknown', 'low'])).toBe('low');
    expect(highestSeverity(['unknown'])).toBe('unknown');
    expect(highestSeverity([])).toBe('unknown');
    expect((['low', 'unknown', 'critical', 'none', 'high'] as const).toSorted(bySeverity)).toEqual([
      'critical',
      'high',
      'unknown',
      'low',
      'none',
    ]);
  });
});

describe('equal findings', () => {
  test('of one source are one, counted', () => {
    const finding = toFinding(aFinding, attribution('a'));
    expect(mergeFindings([finding, finding])).toMatchObject([{ reportedBy: [{ source: 'a', count: 2 }] }]);
  });

  test('of two sources are one with the higher severity, and both are named', () => {
    const low = { ...aFinding, rating: { severity: 'low', raw: 'Low', source: 'clair' } } as const;
    const [merged, ...rest] = mergeFindings([
      toFinding(low, { ...attribution('b'), tool: 'clair' }),
      toFinding(aFinding, attribution('a')),
    ]);
    expect(rest).toEqual([]);
    expect(merged).toMatchObject({ severity: 'high', reportedBy: [{ tool: 'clair' }, { tool: 'trivy' }] });
  });

  test('are excused only if each of them is', () => {
    const excused = toFinding({ ...aFinding, suppressed: { origin: 'vex', reason: 'r' } }, attribution('a'));
    const counts = toFinding(aFinding, attribution('a'));
    expect(mergeFindings([excused, counts])[0]?.reportedBy[0]?.suppressed).toBeUndefined();
    expect(mergeFindings([counts, excused])[0]?.reportedBy[0]?.suppressed).toBeUndefined();
    expect(mergeFindings([excused, excused])[0]?.reportedBy[0]?.suppressed).toEqual({ origin: 'vex', reason: 'r' });
  });

  test('are merged the same in every order, and none is lost', () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 12 }), findings => {
        const key = (list: ReturnType<typeof mergeFindings>) =>
          list
            .map(({ fingerprint, severity, reportedBy }) =>
              JSON.stringify([
                fingerprint,
                severity,
                reportedBy.map(({ source, count }) => `${source}${count}`).toSorted(),
              ]),
            )
            .toSorted();
        const merged = mergeFindings(findings);
        expect(key(merged)).toEqual(key(mergeFindings(findings.toReversed())));
        const total = merged.flatMap(({ reportedBy }) => reportedBy).reduce((sum, { count }) => sum + count, 0);
        expect(total).toBe(findings.length);
      }),
    );
  });
});
