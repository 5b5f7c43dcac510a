// SPDX-License-Identifier: Apache-2.0
// Models for tests and pictures: nothing here is a real scan.
import { ScanError } from '../../errors/index.ts';
import { type GateRequest, gateDefaults, judge, parseThresholdInline } from '../../gate/index.ts';
import type { Hdf, HdfControl, HdfResult } from '../../outcome/hdf.ts';
import type { Audited, Observation, Outcome, ProfileRef } from '../../outcome/outcome.ts';
import type { Target } from '../../plan/target.ts';
import { type TrendPoint, toTrendPoint } from '../html/trend.ts';
import type { ReportModel } from '../model.ts';
import { type ControlDraft, sampleControls } from './page-sample-controls.ts';
import { sampleObservation, sampleTarget } from './sample-model.ts';

const started = '2026-11-21T08:58:12Z';
const finished = '2026-11-21T09:01:47Z';

interface TargetDraft {
  namespace: string;
  owner: string;
  pod: string;
  container: string;
  image: string;
}

const toTarget = ({ namespace, owner, pod, container, image }: TargetDraft): Target =>
  sampleTarget(pod, {
    cluster: 'production-eu',
    namespace,
    podUid: `6f1c0a52-0000-4000-8000-${digits(`${namespace}/${pod}`, 12)}`,
    container,
    image,
    imageDigest: `sha256:${digits(image, 64)}`,
    node: `node-${(pod.length % 3) + 1}`,
    owner: { kind: 'Deployment', name: owner },
  });

/** Hexadecimal digits that look random and are the same every time. */
function digits(seed: string, length: number): string {
  let state = 7;
  let text = '';
  for (let index = 0; text.length < length; index++) {
    state = (state * 31 + seed.charCodeAt(index % seed.length) + index) % 1_000_003;
    text += (state % 16).toString(16);
  }
  return text;
}

const profile: ProfileRef = {
  name: 'container-baseline',
  version: '2.4.0',
  source: 'https://github.com/example/container-baseline/archive/v2.4.0.tar.gz',
  sha256: digits('container-baseline', 64),
};

const seen = (changes: Partial<Observation> = {}): Observation =>
  sampleObservation({ started, seconds: 21.4, commands: 64, bytes: 48_213, ...changes });

function toHdf(controls: HdfControl[]): Hdf {
  const { name, version, sha256 } = profile;
  return {
    platform: { name: 'debian', release: '12.5', target_id: 'sample' },
    profiles: [{ name, version: version ?? null, sha256, status: 'loaded', attributes: [], controls }],
    statistics: { duration: 1.2 },
    version: '5.22.76',
  };
}

const audit = (target: Target, hdf: Hdf, observation = seen()): Audited => ({
  kind: 'audited',
  target,
  profile,
  observation,
  hdf,
  hdfText: JSON.stringify(hdf),
});

const gate: GateRequest = {
  threshold: thresholdOf('{compliance.min: 90, failed.critical.max: 0, failed.high.max: 0, error.total.max: 0}'),
  source: 'thresholds/production.yml',
  failOn: undefined,
  baseline: undefined,
  options: gateDefaults(new Date(finished)),
  reportOnly: false,
};

function thresholdOf(inline: string): GateRequest['threshold'] {
  const parsed = parseThresholdInline(inline);
  return parsed.kind === 'threshold' ? parsed.threshold : undefined;
}

/** A run with these outcomes, judged for real. */
function modelOf(outcomes: Outcome[]): ReportModel {
  return {
    tool: { name: 'cinc-scan', version: '0.1.0' },
    run: { id: 'k7w2m9qd', started, finished, seconds: 215 },
    cluster: { alias: 'production-eu', server: 'https://10.20.0.1:6443', version: 'v1.31.4' },
    engine: { name: 'CINC Auditor', version: '5.22.76', ruby: '3.1.6' },
    jail: {
      strength: 'partial',
      missing: ['names', 'disk'],
      means: ['no privileges', 'Landlock', 'limits', 'seccomp'],
      reasons: ['namespaces (user): Operation not permitted'],
    },
    grant: {
      access: 'grant',
      objects: [
        { kind: 'ServiceAccount', namespace: 'shop', name: 'cinc-scan-k7w2m9qd' },
        { kind: 'Role', namespace: 'shop', name: 'cinc-scan-k7w2m9qd' },
        { kind: 'RoleBinding', namespace: 'shop', name: 'cinc-scan-k7w2m9qd' },
      ],
      expiresAt: '2026-11-21T09:13:12Z',
      revoked: true,
    },
    profiles: [profile],
    passedOver: [],
    verdict: judge(outcomes, gate),
    warnings: [],
    request: {},
  };
}

const drafts: TargetDraft[] = [
  {
    namespace: 'payments',
    owner: 'ledger',
    pod: 'ledger-5d8f7c9b44-x2mvl',
    container: 'ledger',
    image: 'registry.example/ledger:4.2.0',
  },
  {
    namespace: 'payments',
    owner: 'vault-agent',
    pod: 'vault-agent-7c4b9d6f5-q9kzt',
    container: 'agent',
    image: 'registry.example/vault-agent:1.17',
  },
  {
    namespace: 'shop',
    owner: 'api',
    pod: 'api-6b9c5d7f88-4tjwn',
    container: 'api',
    image: 'registry.example/shop-api:2.11.3',
  },
  {
    namespace: 'shop',
    owner: 'web',
    pod: 'web-84d6f9b7c5-hh2rb',
    container: 'nginx',
    image: 'registry.example/web:1.27',
  },
  {
    namespace: 'shop',
    owner: 'web',
    pod: 'web-84d6f9b7c5-zk8pd',
    container: 'nginx',
    image: 'registry.example/web:1.27',
  },
];

/** Several workloads, one of them distroless and one of them gone: everything a report can have to say. */
export function sampleModel(): ReportModel {
  const audited = drafts.map((draft, index) =>
    audit(
      toTarget(draft),
      toHdf(sampleControls.map(control => toControl(control, index))),
      draft.owner === 'vault-agent'
        ? sampleObservation({
            lens: 'debug',
            witness: 'reachable',
            view: 'files-only',
            leftBehind: 'cinc-scan-k7w2m9qd',
            toolsMissing: ['ss'],
            notSeen: 3,
          })
        : seen({ seconds: 17.2 + index }),
    ),
  );
  const lost: Outcome = {
    kind: 'unreached',
    target: toTarget({
      namespace: 'shop',
      owner: 'cart',
      pod: 'cart-79f6c4d58b-m5wxq',
      container: 'cart',
      image: 'registry.example/cart:3.0.1',
    }),
    profile,
    observation: seen({ seconds: 4.1, commands: 12, bytes: 3120, retries: 1 }),
    error: new ScanError(
      'TARGET_LOST',
      'The stream into shop/cart-79f6c4d58b-m5wxq/cart ended after 12 of 64 commands: the container was restarted (exit code 137)',
    ),
  };
  return modelOf([...audited, lost]);
}

/** The control as one target answers it; the draft says which of them do what. */
function toControl(draft: ControlDraft, target: number): HdfControl {
  const answer = draft.answers[target % draft.answers.length] ?? 'p';
  return {
    id: draft.id,
    title: draft.title,
    desc: draft.desc,
    descriptions: [
      { label: 'default', data: draft.desc },
      { label: 'check', data: draft.check },
      { label: 'fix', data: draft.fix },
    ],
    impact: answer === 'n' ? 0 : draft.impact,
    refs: [{ ref: 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190' }],
    tags: { severity: draft.severity, nist: draft.nist, 'nist-800-190': draft.guide, cci: draft.cci },
    code: draft.code,
    source_location: { ref: `controls/${draft.id.toLowerCase()}.rb`, line: 3 },
    ...(draft.waiver !== undefined && answer === 'w' && { waiver_data: draft.waiver }),
    results: resultsOf(draft, answer),
  };
}

function resultsOf(draft: ControlDraft, answer: string): HdfResult[] {
  const base = { code_desc: draft.check_desc, start_time: started, run_time: 0.004 };
  switch (answer) {
    case 'f':
      return [
        { ...base, status: 'failed', message: draft.message },
        { ...base, status: 'passed', code_desc: `${draft.subject} is expected to exist` },
      ];
    case 'e':
      return [
        {
          ...base,
          status: 'failed',
          exception: 'NoMethodError',
          message: "undefined method `strip' for nil",
          backtrace: ['controls/a.rb:7'],
        },
      ];
    case 's':
      return [{ ...base, status: 'skipped', skip_message: 'Processes of the target cannot be seen through this view' }];
    case 'n':
      return [{ ...base, status: 'skipped', skip_message: 'The image has no such service' }];
    case 'w':
      return [{ ...base, status: 'skipped', skip_message: 'Skipped control due to waiver condition.' }];
    default:
      return [
        { ...base, status: 'passed' },
        { ...base, status: 'passed', code_desc: `${draft.subject} is expected to exist` },
      ];
  }
}

/** As many targets and controls as asked for; about one result in ten is bad. */
export function largeModel(targets: number, controls: number): ReportModel {
  const base = sampleControls[0];
  if (base === undefined) return modelOf([]);
  const levels = ['low', 'medium', 'high', 'critical'] as const;
  const impacts = [0.3, 0.5, 0.7, 0.9];
  const outcomes = Array.from({ length: targets }, (_, target) => {
    const list = Array.from({ length: controls }, (_each, index) => {
      const draft = sampleControls[index % sampleControls.length] ?? base;
      const id = `V-${242_000 + index}`;
      const answers = [(index * 7 + target * 13) % 10 === 0 ? 'f' : 'p'];
      const message = `${draft.message}\nseen in target ${target}`;
      return toControl(
        { ...draft, id, severity: levels[index % 4] ?? 'low', impact: impacts[index % 4] ?? 0.5, answers, message },
        0,
      );
    });
    const number = String(target).padStart(3, '0');
    return audit(
      toTarget({
        namespace: 'fleet',
        owner: `service-${number}`,
        pod: `service-${number}-6b9c5d7f88-4tjwn`,
        container: 'app',
        image: `registry.example/service-${number}:1.0`,
      }),
      toHdf(list),
    );
  });
  return modelOf(outcomes);
}

/** Earlier runs of the sample, a little worse each step back. */
export function sampleTrend(): TrendPoint[] {
  const now = toTrendPoint(sampleModel());
  const steps = [61.3, 64.8, 64.8, 70.2, 76.9, 74.1, 79.6, 82.4];
  return steps.map((compliance, index) => ({
    ...now,
    runId: `earlier-${index + 1}`,
    finished: `2026-11-${String(index + 12).padStart(2, '0')}T09:00:00Z`,
    verdict: index === 5 ? ('error' as const) : ('fail' as const),
    compliance,
    notJudged: index === 5 ? 1 : 0,
  }));
}
