// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { compareFindings, emptyState, seedState } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { dated, given, image, now, problems, sourcesOf, trivy, web } from '../testing/consolidated.ts';
import { declared, sample, sampleText } from '../testing/samples.ts';
import { type Consolidation, consolidate, type GivenFile } from './consolidate.ts';
import { matchesPattern } from './match.ts';

describe('a source', () => {
  test('has looked if its file shows it', () => {
    const { sources, looks } = web(trivy);
    expect(sources).toMatchObject([{ kind: 'looked', problems: [], files: [{ path: 'web.json', tool: 'trivy' }] }]);
    expect(looks).toEqual([
      { source: 'web', kind: 'looked', target: 'image:shop/web', scope: '', ruleset: 'trivy', unchecked: [] },
    ]);
    expect(sources[0]?.files[0]?.sha256).toBe(createHash('sha256').update(trivy).digest('hex'));
  });

  test.each(declared)('never looked and found nothing at once with %s of %s', (name, tool) => {
    const source = { ...image, tool, target: 'host:a', file: name };
    const [result] = consolidate(sourcesOf(source), [given(name, sample(name))], now).sources;
    expect(result?.kind === 'looked').toBe(result?.problems.length === 0);
    for (const problem of result?.problems ?? []) expect(problem.file).toBe(name);
  });

  test('did not look if there is no file', () => {
    const nothing = consolidate(sourcesOf(image), [], now);
    expect(problems(nothing)).toEqual(['missing web.json: there is no such file']);
    expect(nothing.looks).toMatchObject([{ kind: 'not-looked' }]);
  });

  test('did not look if its file cannot be opened', () => {
    const file: GivenFile = { path: 'web.json', read: () => ({ kind: 'unreadable', problem: 'larger than 1 bytes' }) };
    expect(problems(consolidate(sourcesOf(image), [file], now))).toEqual(['unreadable web.json: larger than 1 bytes']);
  });

  test('of several files has looked only if each of them did, and if there are enough', () => {
    const nodes = { id: 'nodes', tool: 'kube-hunter', area: 'cluster', target: 'cluster:prod', file: 'node/*.json' };
    const files = [
      given('node/a.json', sample('kube-hunter/none.json')),
      given('node/b.json', sample('kube-hunter/nothing-reached.json')),
    ];
    expect(problems(consolidate(sourcesOf(nodes), files, now))).toEqual([
      'not-looked node/b.json: it reached no node and no service',
    ]);
    expect(problems(consolidate(sourcesOf({ ...nodes, count: 2 }), files.slice(0, 1), now))).toEqual([
      'missing node/*.json: there are 1 such files, and 2 are declared',
    ]);
  });

  test('keeps what it found beside what it could not look at', () => {
    const file = sample('clamav/clamscan-found-and-denied.txt');
    const { sources, findings } = web(file, { tool: 'clamav', target: 'host:a' });
    expect(sources[0]?.kind).toBe('not-looked');
    expect(findings).toMatchObject([{ kind: 'malware', severity: 'high', reportedBy: [{ source: 'web', count: 1 }] }]);
  });

  test('is vouched for only in what it says', () => {
    const none = sample('clair/v4-none.json');
    const clair = { tool: 'clair' };
    expect(problems(web(none, clair))).toHaveLength(1);
    expect(problems(web(none, { ...clair, accept: ['end'] }))).toHaveLength(1);
    expect(problems(web(none, { ...clair, accept: ['empty'] }))).toEqual([]);
    expect(problems(web(sample('clair/error.json'), { ...clair, accept: ['empty', 'end'] }))).toHaveLength(1);
  });
});

describe('the age of a result', () => {
  test.each([
    ['2026-11-29T11:00:00Z', []],
    ['2026-11-29T12:04:00Z', []],
    ['2026-11-29T12:06:00Z', ['stale web.json: it is from the future: 2026-11-29T12:06:00.000Z']],
    ['2026-11-28T09:00:00Z', ['stale web.json: it is of 2026-11-28T09:00:00.000Z, and older than max-age']],
  ])('that is of %s', (createdAt, expected) =>
    expect(problems(web(dated(createdAt), { 'max-age': '26h' }))).toEqual(expected),
  );

  test('has to be known where it matters, and is not asked for elsewhere', () => {
    expect(problems(web(trivy, { 'max-age': '26h' }))).toEqual([
      'stale web.json: it does not say when it was made, and max-age is given',
    ]);
    expect(problems(web(dated('2001-01-01T00:00:00Z')))).toEqual([]);
    expect(problems(web(dated('2099-01-01T00:00:00Z')))).toHaveLength(1);
  });
});

describe('what a result is about', () => {
  test.each([
    ['image:shop/web', []],
    ['image:registry.example.com/shop/web', []],
    ['image:registry.example.com/shop/web:2.0', []],
    ['image:web', []],
    ['image:shop/api', ['wrong-target web.json: it is about "registry.example.com/shop/web:latest", not shop/api']],
    ['image:op/web', ['wrong-target web.json: it is about "registry.example.com/shop/web:latest", not op/web']],
    ['host:web-1', []],
  ])('of %s', (target, expected) => expect(problems(web(trivy, { target }))).toEqual(expected));

  test('is compared where the source says it', () => {
    const about = (text: string) =>
      problems(web(sampleText('vuls/v4-reported.json'), { tool: 'vuls', target: 'host:a', about: text }));
    expect(about('web-1')).toEqual([]);
    expect(about('web-2')).toEqual(['wrong-target web.json: it is about "web-1", not web-2']);
    expect(problems(web(sample('kube-hunter/none.json'), { tool: 'kube-hunter', about: 'prod' }))).toEqual([
      'wrong-target web.json: it does not say what it is about',
    ]);
  });
});

describe('files that no source declares, or two', () => {
  test('are an error', () => {
    expect(() => consolidate(sourcesOf(image), [given('web.json', trivy), given('api.json', trivy)], now)).toThrow(
      expect.objectContaining({ code: 'SOURCE_UNDECLARED', message: 'no source declares api.json' }),
    );
    const both = sourcesOf(image, { ...image, id: 'other', target: 'image:shop/api', file: '*.json' });
    expect(() => consolidate(both, [given('web.json', trivy)], now)).toThrow(
      expect.objectContaining({ code: 'SOURCE_UNDECLARED', message: 'web.json belongs to two sources, web and other' }),
    );
  });

  test.each([
    ['node/*.json', 'node/a.json', true],
    ['node/*.json', './node/a.json', true],
    ['node/*.json', 'node/deep/a.json', false],
    ['node/*.json', 'node/a.txt', false],
    ['*', 'a/b', false],
    ['a?c*', 'abcde', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b', false],
    ['', 'a', false],
  ])('are matched: %p and %p is %p', (pattern, path, matches) => expect(matchesPattern(pattern, path)).toBe(matches));

  test('are matched as a regular expression would, in no time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 }), (pattern, path) => {
        fc.pre(path !== '.' && path !== '' && pattern !== '.' && pattern !== '');
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesPattern(pattern, path)).toBe(new RegExp(`^${source}$`).test(path));
      }),
    );
    expect(matchesPattern('*a'.repeat(5000), 'a'.repeat(4999))).toBe(false);
  });
});

describe('findings of several sources', () => {
  test('are one where two tools name one vulnerability of one image', () => {
    const gitlab = { ...image, id: 'lab', tool: 'gitlab', file: 'lab.json' };
    const files = [
      given('web.json', sample('trivy/image-v2.json')),
      given('lab.json', sample('trivy/image.gitlab.json')),
    ];
    const { findings } = consolidate(sourcesOf(image, gitlab), files, now);
    expect(findings).toHaveLength(4);
    expect(findings[0]?.reportedBy.map(({ source }) => source)).toEqual(['web', 'lab']);
  });

  test('stay what they are when the image is rebuilt, and none is fixed while its source fails', () => {
    const runOf = (consolidation: Consolidation, at: string) => ({
      ...consolidation,
      at,
      waived: new Map<string, string>(),
    });
    const first = web(sample('trivy/image-v2.json'));
    const state = seedState(runOf(first, '2026-11-01T00:00:00Z'));
    const rebuilt = sampleText('trivy/image-v2.json')
      .replaceAll('1.1.1c-r0', '1.1.1c-r1')
      .replaceAll('961769', '123456');
    const again = compareFindings(state, runOf(web(rebuilt), '2026-11-02T00:00:00Z'));
    expect(again.kind === 'compared' ? again.rows.map(({ status }) => status) : []).toEqual(Array(4).fill('known'));
    const failed = compareFindings(state, runOf(web(sample('generic/truncated.json')), '2026-11-03T00:00:00Z'));
    expect(failed.kind === 'compared' ? failed.rows.map(({ status }) => status) : []).toEqual(Array(4).fill('unsure'));
    const clean = compareFindings(state, runOf(web(trivy), '2026-11-04T00:00:00Z'));
    expect(clean.kind === 'compared' ? clean.rows.map(({ status }) => status) : []).toEqual(Array(4).fill('fixed'));
  });

  test('that were not checked this time are not fixed, however long the name of their rule is', () => {
    const name = `[sig-node] ${'Pods should be submitted and removed '.repeat(10)}[Conformance]`;
    const tree = (status: string) =>
      JSON.stringify({
        name: 'e2e',
        status: 'passed',
        items: [
          { name: 'a', status: 'passed' },
          { name, status },
        ],
      });
    const e2e = (status: string) => web(tree(status), { tool: 'sonobuoy', target: 'cluster:prod' });
    const run = (consolidation: Consolidation, at: string) => ({
      ...consolidation,
      at,
      waived: new Map<string, string>(),
    });
    const state = seedState(run(e2e('failed'), '2026-11-01T00:00:00Z'));
    const next = compareFindings(state, run(e2e('skipped'), '2026-11-02T00:00:00Z'));
    expect(next).toMatchObject({ rows: [{ status: 'unsure' }] });
    expect(compareFindings(emptyState('prod'), run(e2e('failed'), '2026-11-01T00:00:00Z'))).toMatchObject({
      rows: [{ status: 'new' }],
    });
  });
});

describe('texts of a result', () => {
  const escape = String.fromCodePoint(0x1b);
  const token = `ghp_${'a1B2'.repeat(9)}`;
  const hostile = `${escape}[31m<script>\n::error::x\r${token}\u202E${'x'.repeat(5000)}`;

  test('are lines without control characters and secrets, and bounded', () => {
    const vulnerability = {
      VulnerabilityID: hostile,
      PkgName: hostile,
      Title: hostile,
      Severity: hostile,
      InstalledVersion: hostile,
      References: ['javascript:alert(1)', 'https://example.com/a', hostile],
    };
    const document = {
      SchemaVersion: 2,
      ArtifactName: hostile,
      Results: [{ Target: hostile, Class: hostile, Vulnerabilities: [vulnerability] }],
    };
    const result = web(JSON.stringify(document), { target: 'host:a' });
    const texts = JSON.stringify([
      result.findings,
      result.sources.map(({ warnings, problems: all, files }) => [warnings, all, files]),
    ]);
    expect(result.findings[0]?.refs).toEqual(['https://example.com/a']);
    expect(texts).not.toContain(token);
    expect(/[\p{Cc}\p{Cf}]|\\u001b|\\n|\\r/u.test(texts)).toBe(false);
    expect(texts.length).toBeLessThan(6000);
  });
});
