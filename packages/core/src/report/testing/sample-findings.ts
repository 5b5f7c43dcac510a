// SPDX-License-Identifier: Apache-2.0
import { type ComparedFinding, type Finding, noCounts, type RunPoint } from '../../findings/index.ts';
import { boundFinding } from '../findings/bound.ts';
import type { FindingsModel, ShownSource } from '../findings/model.ts';

const at = '2026-11-29T12:00:00.000Z';

const sampleFinding = (changes: Partial<Finding> = {}): Finding => ({
  fingerprint: 'ab'.repeat(32),
  area: 'images',
  kind: 'vulnerability',
  rule: 'CVE-2019-18276',
  aliases: [],
  title: 'bash: effective UID',
  severity: 'high',
  target: 'image:shop/web',
  place: { package: 'bash', purl: 'pkg:deb/debian/bash@5.0-4' },
  installed: '5.0-4',
  fixed: '5.0-5',
  fixState: 'fixed',
  evidence: '',
  reportedBy: [
    { source: 'web-image', tool: 'trivy', count: 1, rating: { severity: 'high', raw: 'HIGH', source: 'debian' } },
  ],
  nist: [],
  refs: ['https://nvd.example/CVE-2019-18276'],
  ...changes,
});

export const sampleRow = (finding: Partial<Finding> = {}, changes: Partial<ComparedFinding> = {}): ComparedFinding => ({
  finding: sampleFinding(finding),
  status: 'new',
  because: '',
  firstSeen: '2026-11-20T00:00:00Z',
  isTold: false,
  ...changes,
});

export const sampleSource = (changes: Partial<ShownSource> = {}): ShownSource => ({
  id: 'web-image',
  tool: 'trivy',
  area: 'images',
  target: 'image:shop/web',
  kind: 'looked',
  problems: [],
  warnings: [],
  files: [
    {
      path: 'web.json',
      sha256: 'cd'.repeat(32),
      bytes: 1000,
      checkedAt: '2026-11-29T07:00:00Z',
      tool: 'trivy',
      version: '0.74.0',
      database: undefined,
    },
  ],
  ruleset: 'trivy 0',
  scope: '',
  unchecked: 0,
  findings: 1,
  ...changes,
});

export const samplePoint = (time: string, changes: Partial<RunPoint> = {}): RunPoint => ({
  at: time,
  open: { ...noCounts(), high: 1, medium: 2 },
  new: 1,
  fixed: 0,
  notLooked: 0,
  ...changes,
});

export const sampleFindings = (changes: Partial<FindingsModel> = {}): FindingsModel => ({
  tool: { name: 'cinc-scan', version: '0.1.0' },
  run: { id: '20261129T120000000Z', at },
  scope: 'prod',
  exitCode: 3,
  exit: 3,
  reasons: ['Every source looked.', 'The threshold is not met.'],
  isCompared: true,
  sourcesFile: 'cinc-scan.sources.yml',
  sources: [sampleSource()],
  waivers: [],
  rows: [sampleRow()],
  trend: [samplePoint('2026-11-28T12:00:00Z'), samplePoint(at)],
  ...changes,
});

/** The text wherever text from outside can stand, bounded as everything is before it is reported. */
export function hostileFindings(text: string): FindingsModel {
  const rating = { severity: 'high' as const, raw: text, source: text };
  const reporter = { source: 'web-image', tool: text, count: 2, rating, suppressed: { origin: text, reason: text } };
  const texts = {
    aliases: [text],
    title: text,
    target: text,
    place: { path: text, resource: text, package: text, purl: text, line: 3 },
    installed: text,
    fixed: text,
    evidence: text,
    reportedBy: [reporter, { ...reporter, source: 'other' }],
    nist: [text, 'AC-3'],
    refs: [text, `https://evil.example/${text.slice(0, 1000)}`, `javascript:alert(1)//${text.slice(0, 1000)}`],
  };
  const kinds = ['vulnerability', 'misconfiguration', 'secret', 'licence', 'malware', 'lint', 'conformance'] as const;
  const statuses = ['new', 'returned', 'unsure', 'known', 'waived', 'fixed'] as const;
  const short = boundFinding(sampleFinding({ title: text })).title;
  const rows = kinds.flatMap((kind, index) =>
    ['CVE-2026-1234', text].map((rule, second) =>
      sampleRow(
        boundFinding(sampleFinding({ ...texts, kind, rule, fingerprint: `${index}${second}`.padStart(64, '0') })),
        { status: statuses[index % statuses.length] ?? 'new', because: short },
      ),
    ),
  );
  const lost = hostileSource(short);
  return sampleFindings({
    scope: short,
    reasons: [short],
    sources: [sampleSource({ ...lost, id: 'web-image', kind: 'looked', problems: [] }), lost],
    waivers: (['applied', 'expired', 'endless', 'unused'] as const).map(state => ({
      key: short,
      reason: short,
      origin: short,
      expires: state === 'endless' ? undefined : at,
      state,
    })),
    rows,
  });
}

const hostileSource = (text: string): ShownSource =>
  sampleSource({
    id: 'other',
    target: text,
    kind: 'not-looked',
    problems: [{ code: 'SOURCE_STALE', text, file: text }],
    warnings: [text],
    ruleset: text,
    scope: text,
    files: [{ path: text, sha256: undefined, bytes: 0, checkedAt: text, tool: text, version: text, database: text }],
  });
