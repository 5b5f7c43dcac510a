// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { findingStatuses } from '../../findings/index.ts';
import { findingsFormats, textOf } from '../testing/findings-formats.ts';
import { sampleFindings, samplePoint, sampleRow, sampleSource } from '../testing/sample-findings.ts';
import { ocsfValidator } from '../testing/validators.ts';
import type { FindingsModel } from './model.ts';
import { findingsReportNames, parseFindingsReport, renderFindingsReport } from './registry.ts';

/** A finding of each status; a source that looked, and one that did not. */
const rows = findingStatuses.map((status, index) =>
  sampleRow(
    { rule: `CVE-2026-000${index}`, fingerprint: `${index}`.padStart(64, '0') },
    { status, because: status === 'waived' ? 'waivers.yml: accepted' : '', isTold: status === 'known' },
  ),
);
const lint = sampleRow({
  rule: 'errcheck',
  kind: 'lint',
  area: 'source',
  severity: 'unknown',
  fingerprint: 'f'.repeat(64),
  target: 'repo:shop',
  place: { path: '/src/a b.go', line: 7 },
  fixed: undefined,
  installed: undefined,
  reportedBy: [
    { source: 'lint', tool: 'golangci-lint', count: 1, rating: { severity: 'unknown', raw: '', source: '' } },
  ],
});
const lost = sampleSource({
  id: 'lint',
  tool: 'golangci-lint',
  area: 'source',
  target: 'repo:shop',
  kind: 'not-looked',
  problems: [{ code: 'SOURCE_NOT_LOOKED', text: 'the code does not compile', file: 'lint.json' }],
  files: [],
});
const model = (changes: Partial<FindingsModel> = {}) =>
  sampleFindings({ exitCode: 4, sources: [sampleSource(), lost], rows: [...rows, lint], ...changes });

interface Sarif {
  runs: {
    automationDetails: { id: string };
    invocations: { executionSuccessful: boolean; toolExecutionNotifications: { message: { text: string } }[] }[];
    results: {
      ruleId: string;
      baselineState?: string;
      suppressions?: { justification: string }[];
      partialFingerprints: Record<string, string>;
      locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }[];
    }[];
  }[];
}
const sarif = (changes: Partial<FindingsModel> = {}) => JSON.parse(textOf('sarif', model(changes))) as Sarif;

describe.each(findingsReportNames)('the report %s', kind => {
  test('is valid', async () => {
    for (const given of [model(), model({ rows: [] }), model({ sources: [], rows: [], isCompared: false })]) {
      const text = textOf(kind, given);
      expect(findingsFormats[kind].problems(text)).toEqual([]);
      expect((await findingsFormats[kind].problemsOfAll?.([text])) ?? []).toEqual([]);
    }
  });

  test('gives the same bytes for the same model', () => expect(textOf(kind, model())).toBe(textOf(kind, model())));
});

describe('a source that did not look', () => {
  // OCSF has classes for findings, and none for the lack of one.
  test.each(findingsReportNames.filter(kind => kind !== 'ocsf'))('is told by %s', kind =>
    expect(findingsFormats[kind].decode(textOf(kind, model()))).toContain('the code does not compile'),
  );
});

describe('SARIF of findings', () => {
  test('has a run for each source and says what became of each finding', () => {
    const [web, go] = sarif().runs;
    expect(web?.automationDetails.id).toBe('cinc-scan/prod/web-image/');
    expect(Object.fromEntries(web?.results.map(({ ruleId, baselineState }) => [ruleId, baselineState]) ?? [])).toEqual({
      'CVE-2026-0000': 'new',
      'CVE-2026-0001': 'new',
      'CVE-2026-0002': 'unchanged',
      'CVE-2026-0003': 'unchanged',
      'CVE-2026-0004': 'new',
      'CVE-2026-0005': 'absent',
    });
    expect(web?.results.flatMap(({ suppressions = [] }) => suppressions)).toMatchObject([
      { justification: 'waivers.yml: accepted' },
    ]);
    expect(go?.invocations[0]?.executionSuccessful).toBe(false);
  });

  test('has no run for a source that did not look where nothing is known of before', () => {
    const { runs } = sarif({ isCompared: false });
    expect(runs.map(({ automationDetails }) => automationDetails.id)).toEqual(['cinc-scan/prod/web-image/']);
    expect(runs[0]?.results.map(({ baselineState }) => baselineState)).not.toContain('new');
    expect(runs[0]?.invocations[0]?.toolExecutionNotifications[0]?.message.text).toMatch(
      /^lint did not look at repo:shop: SOURCE_NOT_LOOKED: lint\.json: .*; the 1 finding that it reported/,
    );
  });

  test('keeps what the state knows of a source that is no more', () => {
    const { runs } = sarif({ sources: [] });
    expect(runs).toHaveLength(1);
    expect(runs[0]?.results).toHaveLength(rows.length + 1);
  });

  test('points into the repository, to the file of sources where a finding has no file', () => {
    const places = sarif().runs.flatMap(({ results }) =>
      results.map(({ locations }) => locations[0]?.physicalLocation),
    );
    expect(places).toContainEqual(
      expect.objectContaining({
        artifactLocation: { uri: 'src/a%20b.go', uriBaseId: '%SRCROOT%' },
        region: { startLine: 7 },
      }),
    );
    expect(places[0]).toMatchObject({ artifactLocation: { uri: 'cinc-scan.sources.yml' }, region: { startLine: 1 } });
  });

  test('leaves out what GitHub does not show, and says so', () => {
    const many = Array.from({ length: 5001 }, (_, index) =>
      sampleRow({ rule: `R${index}`, fingerprint: `${index}`.padStart(64, '0') }),
    );
    const { runs } = sarif({ rows: many });
    expect(runs[0]?.results).toHaveLength(5000);
    expect(JSON.stringify(runs[0]?.invocations)).toContain('1 result of lower severity left out');
  });
});

describe('Code Quality of findings', () => {
  test('lists what is open, and what was not looked at as a blocker', () => {
    const issues = JSON.parse(textOf('codequality', model())) as { check_name: string; severity: string }[];
    expect(issues.map(({ check_name: name, severity }) => `${name} ${severity}`)).toEqual([
      'SOURCE_NOT_LOOKED blocker',
      'CVE-2026-0000 critical',
      'CVE-2026-0001 critical',
      'CVE-2026-0002 critical',
      'CVE-2026-0003 critical',
      'errcheck major',
    ]);
  });
});

describe('CSV of findings', () => {
  test('has a line for each finding, and one for what was not looked at', () => {
    const lines = parse<Record<string, string>>(textOf('csv', model()), { columns: true, record_delimiter: '\r\n' });
    expect(lines.map(({ status }) => status)).toEqual(['SOURCE_NOT_LOOKED', ...findingStatuses, 'new']);
    expect(lines[1]).toMatchObject({ severity: 'high', package: 'bash', installed: '5.0-4', fixed: '5.0-5' });
  });
});

describe('JUnit of findings', () => {
  test('fails what is open, skips what is waived, passes what is fixed, and breaks where nobody looked', () => {
    const text = textOf('junit', model());
    expect(text).toMatch(/<testsuites name="cinc-scan" tests="9" failures="5" errors="1"/);
    expect(text.match(/<skipped/g)).toHaveLength(1);
    expect(text).toContain('<error type="SOURCE_NOT_LOOKED" message="the code does not compile">');
  });
});

describe('OCSF of findings', () => {
  const validate = ocsfValidator();
  const events = (given: FindingsModel) =>
    textOf('ocsf', given)
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);

  test('has an event for each finding, of the class that fits', () => {
    const found = events(model());
    expect(found.map(({ class_uid, activity_id, status_id }) => [class_uid, activity_id, status_id])).toEqual([
      [2002, 1, 1],
      [2002, 1, 1],
      [2002, 2, 2],
      [2002, 2, 2],
      [2002, 2, 3],
      [2002, 3, 4],
      [2003, 1, 1],
    ]);
    expect(found[0]).toMatchObject({
      vulnerabilities: [{ cve: { uid: 'CVE-2026-0000' }, affected_packages: [{ name: 'bash', version: '5.0-4' }] }],
      finding_info: { uid: '0'.repeat(64), first_seen_time: Date.parse('2026-11-20T00:00:00Z') },
    });
  });

  test.each<[mistake: string, change: object]>([
    ['an attribute that it does not know', { severty: 'High' }],
    ['a severity that is none', { severity_id: 9 }],
    ['a type of another class', { type_uid: 200_301 }],
    ['no vulnerability', { vulnerabilities: [] }],
    ['a vulnerability without a name', { vulnerabilities: [{ title: 'x' }] }],
    ['no time', { time: undefined }],
  ])('has a schema that finds %s', (_mistake, change) => {
    const [event] = events(model());
    expect(validate(event)).toBe(true);
    expect(validate(JSON.parse(JSON.stringify({ ...event, ...change })))).toBe(false);
  });
});

describe('the page and the summary of findings', () => {
  test('have all six areas, each with its sources', () => {
    for (const kind of ['html', 'markdown'] as const) {
      const text = textOf(kind, model());
      for (const name of [
        'Source code',
        'Operating system',
        'Images',
        'Kubernetes resources',
        'Cloud service',
        'Cluster',
      ])
        expect(text).toContain(name);
      expect(text).toContain('0 of 1 looked');
      expect(text).toContain('no source');
    }
  });

  test('tell how old each look is', () => {
    expect(textOf('markdown', model())).toContain('| looked | 5 h | 1 |');
    expect(textOf('html', model())).toContain('5 h<small>2026-11-29 07:00:00 UTC</small>');
  });

  test('show the trend only where there was an earlier run', () => {
    expect(textOf('html', model())).toContain('<section id="trend"');
    expect(textOf('html', model({ trend: [samplePoint('2026-11-29T12:00:00Z')] }))).not.toContain('id="trend"');
  });

  test('say which waivers do nothing', () => {
    const waiver = { key: 'trivy:CVE-1', reason: 'r', origin: 'waivers.yml', expires: undefined };
    const given = model({ waivers: [{ ...waiver, state: 'unused' }] });
    expect(textOf('html', given)).toContain('excuses nothing');
    expect(textOf('markdown', given)).toContain('1 waiver without effect');
    expect(textOf('markdown', model({ waivers: [{ ...waiver, state: 'applied' }] }))).not.toContain('waiver without');
  });

  test('stay small with 20,000 findings', () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      sampleRow({ rule: `CVE-2026-${10_000 + index}`, fingerprint: `${index}`.padStart(64, '0') }),
    );
    expect(Buffer.byteLength(textOf('html', model({ rows: many })))).toBeLessThan(8_000_000);
    expect(Buffer.byteLength(textOf('markdown', model({ rows: many })))).toBeLessThan(900 * 1024);
  });
});

describe('a report that is asked for', () => {
  test('is a kind, with a path or without', () => {
    expect(parseFindingsReport('sarif')).toEqual({ kind: 'sarif', path: undefined });
    expect(parseFindingsReport('csv:a:b.csv')).toEqual({ kind: 'csv', path: 'a:b.csv' });
    expect(() => parseFindingsReport('sarfi')).toThrow('did you mean sarif?');
    expect(() => parseFindingsReport('csv:')).toThrow('names no path');
  });

  test('may be several files', () => {
    const sources = Array.from({ length: 21 }, (_, index) => sampleSource({ id: `s${index}` }));
    expect(renderFindingsReport('sarif', model({ sources }))).toHaveLength(2);
  });
});
