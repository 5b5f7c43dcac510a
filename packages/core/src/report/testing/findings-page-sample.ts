// SPDX-License-Identifier: Apache-2.0
// A scope as a shop has it: twelve scanners, of which two did not look.
import {
  type ComparedFinding,
  type Finding,
  type FindingSeverity,
  type FindingStatus,
  findingSeverities,
  noCounts,
} from '../../findings/index.ts';
import type { FindingsModel, ShownSource } from '../findings/model.ts';
import { sampleFindings, samplePoint, sampleRow, sampleSource } from './sample-findings.ts';

const at = '2026-11-29T12:00:00.000Z';
const hoursBefore = (hours: number) => new Date(Date.parse(at) - hours * 3_600_000).toISOString();

interface Given extends Partial<ShownSource> {
  id: string;
  hours: number | undefined;
}

const source = ({ id, hours, ...changes }: Given): ShownSource =>
  sampleSource({
    id,
    files: [
      {
        path: `results/${id}.json`,
        sha256: 'cd'.repeat(32),
        bytes: 48_213,
        checkedAt: hours === undefined ? undefined : hoursBefore(hours),
        tool: changes.tool ?? 'trivy',
        version: '0.74.0',
        database: undefined,
      },
    ],
    ...changes,
  });

const sources: ShownSource[] = [
  source({ id: 'code', hours: 5, tool: 'golangci-lint', area: 'source', target: 'repo:shop', findings: 3 }),
  source({ id: 'licences', hours: 5, tool: 'fossa', area: 'source', target: 'repo:shop', ruleset: '', findings: 1 }),
  source({
    id: 'uploads',
    hours: 7,
    tool: 'clamav',
    area: 'os',
    target: 'host:files',
    ruleset: 'main.cvd 62',
    kind: 'not-looked',
    problems: [
      {
        code: 'SOURCE_INCOMPLETE',
        text: '3 files were larger than the limit of the scanner and were not read',
        file: 'results/uploads.txt',
      },
    ],
    findings: 1,
  }),
  source({ id: 'web-image', hours: 7, findings: 9, warnings: ['a severity is a word that is not known: "MODERAT"'] }),
  source({ id: 'web-clair', hours: 30, tool: 'clair', ruleset: 'clair 4', findings: 4 }),
  source({ id: 'api-image', hours: 200, target: 'image:shop/api', findings: 2 }),
  source({
    id: 'pods',
    hours: 6,
    tool: 'kubescape',
    area: 'resources',
    target: 'cluster:prod',
    unchecked: 4,
    findings: 4,
  }),
  source({
    id: 'nodes',
    hours: 6,
    tool: 'kube-bench',
    area: 'cluster',
    target: 'cluster:prod/role:node',
    ruleset: 'cis-1.9',
    unchecked: 11,
    findings: 3,
  }),
  source({
    id: 'conformance',
    hours: undefined,
    tool: 'sonobuoy',
    area: 'cluster',
    target: 'cluster:prod',
    kind: 'not-looked',
    problems: [{ code: 'SOURCE_MISSING', text: 'there is no such file', file: 'results/sonobuoy.json' }],
    files: [],
    findings: 0,
  }),
];

type Short = [FindingSeverity, FindingStatus, string, string, Partial<Finding>?];

const reportedBy = (id: string, tool: string): Finding['reportedBy'] => [
  { source: id, tool, count: 1, rating: { severity: 'high', raw: 'HIGH', source: tool } },
];

const inImage: Short[] = [
  ['critical', 'new', 'CVE-2026-31012', 'openssl: a crafted certificate writes beyond a buffer'],
  ['critical', 'known', 'CVE-2026-11877', 'zlib: inflate reads memory that was freed'],
  ['high', 'returned', 'CVE-2025-40011', 'curl: credentials follow a redirect to another host'],
  ['high', 'known', 'CVE-2019-18276', 'bash: effective UID is not dropped'],
  ['medium', 'known', 'CVE-2024-28085', 'util-linux: wall shows escape sequences of others'],
  ['medium', 'waived', 'CVE-2019-1549', 'openssl: fork protection of the random generator'],
  ['low', 'fixed', 'CVE-2022-0563', 'util-linux: partial disclosure by chfn and chsh'],
  ['unknown', 'unsure', 'CVE-2026-99120', ''],
];

const code = {
  area: 'source',
  kind: 'lint',
  target: 'repo:shop',
  reportedBy: reportedBy('code', 'golangci-lint'),
} as const;
const malware = {
  area: 'os',
  kind: 'malware',
  target: 'host:files',
  title: '',
  reportedBy: reportedBy('uploads', 'clamav'),
} as const;
const pods = {
  area: 'resources',
  kind: 'misconfiguration',
  target: 'cluster:prod',
  reportedBy: reportedBy('pods', 'kubescape'),
} as const;
const privileged = {
  ...pods,
  rule: 'C-0057',
  severity: 'high',
  title: 'Privileged container',
  nist: ['AC-6'],
} as const;

const others: [Partial<Finding>, FindingStatus, string?][] = [
  [
    {
      ...code,
      rule: 'errcheck',
      severity: 'low',
      title: 'Error return value of `f.Close` is not checked',
      place: { path: 'cmd/shop/main.go', line: 41 },
    },
    'known',
  ],
  [
    {
      ...code,
      rule: 'gosec',
      severity: 'high',
      title: 'G402: TLS InsecureSkipVerify set true',
      place: { path: 'internal/pay/client.go', line: 17 },
    },
    'new',
  ],
  [
    {
      ...code,
      kind: 'licence',
      rule: 'policy_conflict',
      severity: 'medium',
      title: 'AGPL-3.0-only is denied by the policy',
      place: { package: 'mongo-tools' },
    },
    'known',
  ],
  [
    { ...malware, rule: 'Win.Test.EICAR_HDB-1', severity: 'high', place: { path: '/srv/uploads/2026/11/invoice.zip' } },
    'new',
  ],
  [
    { ...malware, rule: 'PUA.Doc.Packed', severity: 'low', place: { path: '/srv/uploads/2026/10/offer.doc' } },
    'unsure',
    'uploads did not look',
  ],
  [
    {
      ...privileged,
      nist: ['AC-6'],
      place: { resource: 'shop/Deployment/agent', path: 'spec.template.spec.containers[0].securityContext.privileged' },
    },
    'known',
  ],
  [{ ...privileged, nist: ['AC-6'], place: { resource: 'kube-system/DaemonSet/fluentd' } }, 'known'],
  [
    {
      ...pods,
      rule: 'C-0016',
      severity: 'medium',
      title: 'Allow privilege escalation',
      place: { resource: 'shop/Deployment/web' },
    },
    'fixed',
  ],
  [
    {
      area: 'cluster',
      kind: 'misconfiguration',
      rule: '4.2.6',
      severity: 'medium',
      target: 'cluster:prod/role:node',
      title: 'Ensure that the --make-iptables-util-chains argument is set to true',
      place: { resource: 'kubelet' },
      evidence: 'Set the following parameter: makeIPTablesUtilChains: true',
      reportedBy: reportedBy('nodes', 'kube-bench'),
    },
    'known',
  ],
];

function rows(): ComparedFinding[] {
  let number = 0;
  const next = () => `${(number += 1)}`.padStart(64, '0');
  const images = inImage.map(([severity, status, rule, title]) =>
    sampleRow(
      {
        severity,
        rule,
        title,
        fingerprint: next(),
        place: { package: title.split(':')[0] || 'libfoo2', purl: 'pkg:deb/debian/x@1' },
        ...(status === 'unsure' ? { fixed: undefined, fixState: 'unknown' as const } : {}),
        reportedBy: [
          ...reportedBy('web-image', 'trivy'),
          ...(severity === 'high' ? reportedBy('web-clair', 'clair') : []),
        ],
      },
      {
        status,
        because:
          status === 'waived'
            ? 'waivers.yml: the program does not fork'
            : status === 'unsure'
              ? 'web-image looked with another ruleset (trivy 0 before, now trivy 1)'
              : '',
      },
    ),
  );
  const rest = others.map(([changes, status, because = '']) =>
    sampleRow(
      { installed: undefined, fixed: undefined, fixState: 'unknown', refs: [], ...changes, fingerprint: next() },
      { status, because },
    ),
  );
  return [...images, ...rest];
}

/** Twelve scanners in six areas: what is new, what is old, what nobody looked at. */
export const findingsPageSample = (changes: Partial<FindingsModel> = {}): FindingsModel =>
  sampleFindings({
    exitCode: 4,
    exit: 4,
    reasons: [
      '2 of 9 sources did not look: uploads, conformance.',
      'The threshold is not met by web-image and code.',
      'New findings of high severity or above: 4.',
    ],
    sources,
    rows: rows(),
    waivers: [
      {
        key: 'trivy:CVE-2019-1549',
        reason: 'the program does not fork',
        origin: 'waivers.yml',
        expires: '2027-01-31T00:00:00.000Z',
        state: 'applied',
      },
      {
        key: 'trivy:CVE-2019-1551@image:shop/web',
        reason: 'fixed with the next release',
        origin: 'waivers.yml',
        expires: '2026-11-01T00:00:00.000Z',
        state: 'expired',
      },
    ],
    trend: Array.from({ length: 8 }, (_, index) =>
      samplePoint(hoursBefore(24 * (7 - index)), {
        open: { ...noCounts(), critical: index > 5 ? 2 : 1, high: 6 - (index % 3), medium: 9 - index, low: 3 },
        new: index % 3,
        fixed: index % 2,
        notLooked: index === 7 ? 2 : 0,
      }),
    ),
    ...changes,
  });

/** So many findings of one image and of others, as an old fleet has them. */
export function manyFindings(count: number): FindingsModel {
  const all = Array.from({ length: count }, (_, index) =>
    sampleRow(
      {
        fingerprint: `${index}`.padStart(64, '0'),
        rule: `CVE-20${10 + (index % 17)}-${1000 + (index % 20_000)}`,
        severity: findingSeverities[index % findingSeverities.length] ?? 'low',
        target: `image:shop/service-${index % 40}`,
        title: `package-${index % 500}: a sentence of an advisory as long as they are`,
        place: { package: `package-${index % 500}`, path: `usr/lib/package-${index % 500}/file-${index}.so` },
      },
      { status: index % 50 === 0 ? 'new' : 'known' },
    ),
  );
  return findingsPageSample({ rows: all });
}
