// SPDX-License-Identifier: Apache-2.0
// Every step of the pipeline meets every fault. Whatever happens, a run says either the truth or that it could not look.
import type { Outcome } from '@cinc-scan/core';
import { createPod, type Fault, type FaultAction, type FaultMatch } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { embeddedTest, leftObjects, openTestCluster, type TestCluster } from '../support/cluster.ts';
import { type InProcess, scanInProcess, statusesOf } from '../support/in-process.ts';

const cluster = await openTestCluster();
const profile = `${root}test/fixtures/profiles/tiny`;
const truth = { 'a-command': ['passed', 'passed'], 'a-file': ['passed', 'passed'] };

const status = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: `planted ${reason}`,
  reason,
  code,
});

const actions = {
  'a 500': { kind: 'status', code: 500, body: status(500, 'InternalError') },
  'a 503': { kind: 'status', code: 503, body: status(503, 'ServiceUnavailable') },
  'a 429': { kind: 'status', code: 429, body: status(429, 'TooManyRequests'), headers: { 'Retry-After': '1' } },
  'a 401': { kind: 'status', code: 401, body: status(401, 'Unauthorized') },
  'a 403': { kind: 'status', code: 403, body: status(403, 'Forbidden') },
  'a success with garbage in it': { kind: 'status', code: 200, body: 'garbage {' },
  'a reset connection': { kind: 'reset' },
  'a connection cut in the middle of the answer': { kind: 'cut', afterBytes: 40 },
} as const satisfies Record<string, FaultAction>;

type ActionName = keyof typeof actions;
const all = Object.keys(actions) as ActionName[];
const passing: ActionName[] = ['a 503', 'a 429', 'a reset connection', 'a connection cut in the middle of the answer'];

/** What a run may come to: the truth, an error without a finding, or findings with a grant that may still be there. */
type End = 'audited' | 'unreached' | 'not-revoked';

interface Case {
  step: string;
  fault: string;
  faults: Fault[];
  ends: End[];
}

interface Lane {
  namespace: string;
  targets: string;
}

interface Step {
  name: string;
  match: (namespace: string) => FaultMatch;
  ends: End[];
  actions?: ActionName[];
  targets?: string;
}

const inNamespace = (method: string, rest: string, nth?: number) => (namespace: string) => ({
  method,
  path: new RegExp(`/namespaces/${namespace}/${rest}`),
  ...(nth !== undefined && { nth }),
});

// In the order of the pipeline. The pod is read by the operator (plan), and by the scanner when a session is opened,
// after the audit, and to prove the token powerless.
const steps: Step[] = [
  { name: 'listing the pods', match: inNamespace('GET', 'pods\\?'), ends: ['unreached'], targets: '-l app=web' },
  { name: 'reading the pod for the plan', match: inNamespace('GET', 'pods/web$', 1), ends: ['unreached'] },
  { name: 'making the account', match: inNamespace('POST', 'serviceaccounts$'), ends: ['unreached'] },
  { name: 'making the Role', match: inNamespace('POST', 'roles$'), ends: ['unreached'] },
  { name: 'making the RoleBinding', match: inNamespace('POST', 'rolebindings$'), ends: ['unreached'] },
  { name: 'asking for the token', match: inNamespace('POST', 'serviceaccounts/[^/]+/token$'), ends: ['unreached'] },
  {
    name: 'reading the pod as the scanner',
    match: inNamespace('GET', 'pods/web$', 2),
    ends: ['unreached'],
  },
  { name: 'opening the stream', match: inNamespace('GET', 'pods/web/exec'), ends: ['unreached'] },
  { name: 'reading the pod after the audit', match: inNamespace('GET', 'pods/web$', 3), ends: ['unreached'] },
  {
    name: 'deleting the RoleBinding',
    match: inNamespace('DELETE', 'rolebindings/'),
    ends: ['audited'], // the garbage collector takes it after its owner
    actions: ['a 500', 'a reset connection'],
  },
  { name: 'deleting anything', match: inNamespace('DELETE', ''), ends: ['not-revoked', 'audited'] },
  { name: 'seeing that they are gone', match: inNamespace('GET', 'serviceaccounts/'), ends: ['not-revoked'] },
  {
    name: 'proving the token powerless',
    match: inNamespace('GET', 'pods/web$', 4),
    ends: ['not-revoked', 'audited'],
  },
];

// These requests do not name the namespace, so their faults meet every run: one run at a time.
const alone: Step[] = [
  {
    name: 'asking for the version',
    match: () => ({ path: /^\/version/ }),
    ends: ['audited'],
    actions: ['a 500', 'a reset connection', 'a success with garbage in it'],
  },
  {
    name: 'reviewing the rights of the operator',
    match: () => ({ path: /selfsubjectaccessreviews/ }),
    ends: ['unreached'],
  },
  {
    name: 'reviewing the rights of the scanner',
    match: () => ({ path: /selfsubjectrulesreviews/ }),
    ends: ['unreached'],
    actions: ['a 500', 'a 403', 'a reset connection', 'a success with garbage in it'],
  },
];

/** Faults that stay: `times` beside `nth` would otherwise be one. */
const lasting = Number.POSITIVE_INFINITY;

const lanes: Lane[] = [];
const results = new Map<string, { run: InProcess; left: string[] }>();
const keyOf = ({ step, fault }: Pick<Case, 'step' | 'fault'>) => `${step}: ${fault}`;

function casesOf(step: Step, namespace: string): (Case & { targets: string })[] {
  return (step.actions ?? all).map(fault => ({
    step: step.name,
    fault,
    faults: [{ match: step.match(namespace), action: actions[fault], times: lasting }],
    ends: step.ends,
    targets: step.targets ?? 'web',
  }));
}

/** Each stream cut ever later: in its upgrade, its first answer, between answers; or late enough for all there is to read. */
function streamCuts(namespace: string): (Case & { targets: string })[] {
  return [300, 600, 900, 1200].map(afterBytes => ({
    step: 'the stream',
    fault: `a cut after ${afterBytes} bytes`,
    faults: [{ match: inNamespace('GET', 'pods/web/exec')(namespace), action: { kind: 'cut', afterBytes } }],
    ends: afterBytes < 900 ? ['unreached'] : ['unreached', 'audited'],
    targets: 'web',
  }));
}

/** Each request of a run meets the fault once. */
function onceEach(namespace: string): (Case & { targets: string })[] {
  return passing.map(fault => ({
    step: 'every step',
    fault: `${fault}, once`,
    faults: steps
      .filter(({ targets }) => targets === undefined)
      .map(step => ({ match: { nth: 1, ...step.match(namespace) }, action: actions[fault], times: 1 })),
    ends: ['audited'],
    targets: 'web',
  }));
}

async function perform(where: TestCluster, { namespace }: Lane, each: Case & { targets: string }): Promise<void> {
  const armed = each.faults.map(fault => cluster.embedded?.faults.add(fault));
  try {
    const run = await scanInProcess(where, { targets: each.targets, namespace, profile, reports: 'scan' });
    results.set(keyOf(each), { run, left: await leftObjects(where.api, [namespace]) });
    expect(armed.some(fault => (fault?.hits ?? 0) > 0)).toBe(true);
  } finally {
    for (const fault of armed) fault?.remove();
  }
  await sweep(where, namespace);
}

/** For the next run of the lane. */
async function sweep({ api }: TestCluster, namespace: string): Promise<void> {
  for (const object of await leftObjects(api, [namespace])) {
    const [resource = '', name = ''] = object.split(' ');
    const base = resource === 'serviceaccounts' ? '/api/v1' : '/apis/rbac.authorization.k8s.io/v1';
    await api.send('DELETE', `${base}/namespaces/${namespace}/${resource}/${name.split('/')[1]}`);
  }
}

// Stand-ins where no run can be made: the names of the tests are known before any cluster is.
const places = ['a', 'b', 'c', 'd', 'e', 'f'];
const placed = steps.map((step, index) => ({ step, place: index % places.length }));
const planned = (place: number, namespace: string) => [
  ...placed.filter(each => each.place === place).flatMap(({ step }) => casesOf(step, namespace)),
  ...(place === 1 ? streamCuts(namespace) : []),
  ...(place === 2 ? onceEach(namespace) : []),
];

beforeAll(async () => {
  if (cluster.embedded === undefined) return;
  for (const _ of places) {
    const namespace = await cluster.namespace();
    const labels = { app: 'web' };
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' }, labels });
    lanes.push({ namespace, targets: 'web' });
  }
  const [first] = lanes;
  if (first) for (const each of alone.flatMap(step => casesOf(step, ''))) await perform(cluster, first, each);
  await Promise.all(
    lanes.map(async (lane, place) => {
      for (const each of planned(place, lane.namespace)) await perform(cluster, lane, each);
    }),
  );
}, 900_000);
afterAll(() => cluster.close());

const cases = [...alone.flatMap(step => casesOf(step, '')), ...places.flatMap((_, place) => planned(place, ''))];

describe('a run in which', () => {
  for (const each of cases)
    embeddedTest(`${each.step} meets ${each.fault} says the truth or that it could not look`, async () => {
      const result = results.get(keyOf(each));
      if (result === undefined) throw new Error('the run did not end');
      const { verdict, outcomes } = result.run.scan;
      const end = endOf(result.run);
      expect(each.ends).toContain(end);
      expect(statusesOf(outcomes)).toEqual(end === 'unreached' ? {} : truth);
      expect(verdict.exitCode).toBe(end === 'audited' ? 0 : 4);
      expect(result.left.length === 0 || end === 'not-revoked').toBe(true);
      expect(outcomes.map(messageOf)).not.toContain('');
    });
});

function messageOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'unreached' ? outcome.error.message : undefined;
}

function endOf({ scan: { outcomes, verdict } }: InProcess): End {
  expect(outcomes.length).toBe(1);
  if (outcomes[0]?.kind === 'unreached') return 'unreached';
  return verdict.reason === 'GRANT_NOT_REVOKED' ? 'not-revoked' : 'audited';
}
