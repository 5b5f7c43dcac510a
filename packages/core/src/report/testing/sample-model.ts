// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { ScanError } from '../../errors/index.ts';
import { evaluate, type GateOptions, gateDefaults, parseThresholdDocument, type Threshold } from '../../gate/index.ts';
import type { Judged, Verdict } from '../../gate/verdict.ts';
import { type Hdf, parseHdf } from '../../outcome/hdf.ts';
import type { Audited, Observation, Unreached } from '../../outcome/outcome.ts';
import type { Target } from '../../plan/target.ts';
import type { ReportModel } from '../model.ts';

const fixtures = new URL('../../../fixtures/gate/', import.meta.url);
export const sampleNow = new Date('2026-02-01T00:00:00Z');

export const readFixture = (name: string): string => readFileSync(new URL(name, fixtures), 'utf8');

export function sampleTarget(pod = 'web-5d4f-abcde', changes: Partial<Target> = {}): Target {
  return {
    cluster: 'prod',
    namespace: 'shop',
    pod,
    podUid: `uid-of-${pod}`,
    container: 'app',
    containerId: 'containerd://0123',
    restartCount: 0,
    image: 'registry.example/web:1.2.3',
    imageDigest: `sha256:${'a'.repeat(64)}`,
    node: 'node-1',
    owner: { kind: 'Deployment', name: 'web' },
    labels: { app: 'web' },
    annotations: {},
    ...changes,
  };
}

export const sampleObservation = (changes: Partial<Observation> = {}): Observation => ({
  lens: 'exec',
  witness: 'target',
  view: 'full',
  started: '2026-01-31T23:59:00Z',
  seconds: 1.5,
  commands: 12,
  bytes: 3456,
  toolsMissing: [],
  notSeen: 0,
  retries: 0,
  truncated: 0,
  virtual: [],
  leftBehind: undefined,
  ...changes,
});

const sampleProfile = (name = 'baseline') => ({
  name,
  version: '1.0.0',
  source: `./profiles/${name}`,
  sha256: 'b'.repeat(64),
});

export interface SampleScan {
  text: string;
  target?: Target;
  profile?: string;
}

export function sampleAudited({ text, target = sampleTarget(), profile }: SampleScan): Audited {
  const read = parseHdf(text);
  if (read.kind === 'refused') throw new Error(read.problem);
  const name = profile ?? read.hdf.profiles[0]?.name ?? 'baseline';
  return {
    kind: 'audited',
    target,
    profile: sampleProfile(name),
    observation: sampleObservation(),
    hdf: read.hdf,
    hdfText: text,
  };
}

export const sampleUnreached = (message = 'No pod "gone" in "shop"', pod = 'gone'): Unreached => ({
  kind: 'unreached',
  target: sampleTarget(pod, { owner: { kind: 'Pod', name: pod } }),
  profile: sampleProfile(),
  observation: undefined,
  error: new ScanError('TARGET_NOT_FOUND', message),
});

export interface SampleGate {
  threshold?: string;
  options?: Partial<GateOptions>;
}

export function sampleThreshold(text: string): Threshold {
  const parsed = parseThresholdDocument(text);
  if (parsed.kind === 'refused') throw new Error(parsed.problems.map(problem => problem.message).join('; '));
  return parsed.threshold;
}

const strictest = 'failed: {total: {max: 0}}\nskipped: {total: {max: 0}}\nerror: {total: {max: 0}}\n';

/** A run over these outcomes, judged as the gate judges. */
export function sampleModel(
  outcomes: (Audited | Unreached)[],
  { threshold: text = strictest, options = {} }: SampleGate = {},
): ReportModel {
  const threshold = sampleThreshold(text);
  const judged = outcomes.map((outcome): Judged => {
    if (outcome.kind === 'unreached') return { outcome, judgement: undefined, comparison: undefined };
    const judgement = evaluate(outcome.hdf, threshold, { ...gateDefaults(sampleNow), ...options });
    return { outcome, judgement, comparison: undefined };
  });
  return {
    tool: { name: 'cinc-scan', version: '0.1.0' },
    run: { id: 'run-1', started: '2026-01-31T23:59:00Z', finished: sampleNow.toISOString(), seconds: 60 },
    cluster: { alias: 'prod', server: 'https://cluster.example:6443', version: 'v1.32.0' },
    engine: { name: 'cinc-auditor', version: '5.24.7', ruby: '3.1.0' },
    jail: { strength: 'full', missing: [], means: ['namespaces', 'Landlock', 'limits', 'seccomp'], reasons: [] },
    grant: {
      access: 'grant',
      objects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'cinc-scan-run-1' }],
      expiresAt: '2026-02-01T00:14:00Z',
      revoked: true,
    },
    profiles: [sampleProfile()],
    passedOver: [],
    verdict: toVerdict(judged, threshold),
    warnings: [],
    request: { targets: ['deployment/web'], profile: ['./profiles/baseline'], threshold: 'threshold.yml' },
  };
}

function toVerdict(judged: Judged[], threshold: Threshold): Verdict {
  const gate = { source: 'threshold.yml', bounds: Object.fromEntries(threshold.bounds), strict: false };
  const base = { gate, judged };
  if (judged.some(one => one.judgement?.exit === 2))
    return { ...base, verdict: 'error', reason: 'nothing-checked', exit: 5, exitCode: 5 };
  if (judged.some(one => one.outcome.kind === 'unreached'))
    return { ...base, verdict: 'error', reason: 'TARGET_NOT_FOUND', exit: 4, exitCode: 4 };
  return judged.some(one => one.judgement?.exit === 3)
    ? { ...base, verdict: 'fail', reason: 'below-threshold', exit: 3, exitCode: 3 }
    : { ...base, verdict: 'pass', reason: 'pass', exit: 0, exitCode: 0 };
}

interface SampleControl {
  id: string;
  title?: string;
  impact?: number;
  status?: 'passed' | 'failed' | 'skipped' | 'error';
  message?: string;
  tags?: Record<string, unknown>;
  waiver?: Record<string, unknown>;
}

/** Result text with these controls, in the auditor's form. */
export function sampleHdf(controls: SampleControl[], name = 'baseline'): string {
  const hdf: Hdf & Record<string, unknown> = {
    platform: { name: 'debian', release: '12.5', target_id: 'sample' },
    profiles: [
      {
        name,
        version: '1.0.0',
        sha256: 'c'.repeat(64),
        title: name,
        attributes: [],
        controls: controls.map(control => toControl(control)),
      },
    ],
    statistics: { duration: 0.1 },
    version: '5.24.7',
  };
  const profiles = hdf.profiles.map(profile => ({ supports: [], groups: [], ...profile }));
  return JSON.stringify({ ...hdf, profiles });
}

function toControl({ id, title = `Title of ${id}`, impact = 0.5, status = 'passed', ...rest }: SampleControl) {
  const isError = status === 'error';
  return {
    id,
    title,
    desc: `Description of ${id}`,
    impact,
    refs: [],
    tags: rest.tags ?? {},
    code: `control '${id}' do\nend\n`,
    source_location: { line: 3, ref: 'controls/sample.rb' },
    waiver_data: rest.waiver ?? {},
    results: [
      {
        status: isError ? ('failed' as const) : status,
        code_desc: `Check of ${id}`,
        run_time: 0.001,
        start_time: '2026-01-31T23:59:01+00:00',
        ...(rest.message === undefined ? {} : { message: rest.message }),
        ...(isError ? { exception: 'RuntimeError', backtrace: ['controls/sample.rb:3'] } : {}),
      },
    ],
  };
}
