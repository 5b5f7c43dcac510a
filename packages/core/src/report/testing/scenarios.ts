// SPDX-License-Identifier: Apache-2.0
import type { ReportModel } from '../model.ts';
import { readFixture, sampleAudited, sampleHdf, sampleModel, sampleTarget, sampleUnreached } from './sample-model.ts';

const fixture = (name: string, pod?: string) =>
  sampleAudited({ text: readFixture(`${name}.json`), ...(pod === undefined ? {} : { target: sampleTarget(pod) }) });

const other = (name: string, workload: string) =>
  sampleAudited({
    text: readFixture(`${name}.json`),
    target: sampleTarget(`${workload}-1`, { owner: { kind: 'Deployment', name: workload } }),
  });

const inAll = { options: { profiles: 'all' } } as const;

/** 40 targets with 500 controls each. */
export function manyResults(targets = 40, controls = 500): ReportModel {
  const ids = Array.from({ length: controls }, (_, index) => index);
  const text = sampleHdf(
    ids.map(index => ({
      id: `SV-${100_000 + index}`,
      title: `The operating system must do what control ${index} of this long list says about it`,
      impact: [0, 0.3, 0.5, 0.7, 1][index % 5] ?? 0.5,
      status: (['passed', 'failed', 'passed', 'skipped'] as const)[index % 4] ?? 'passed',
      message: `expected the setting of control ${index} to be right, and it is wrong`,
      tags: { nist: ['AC-3', 'CM-6'] },
    })),
  );
  const one = sampleAudited({ text });
  const pods = Array.from({ length: targets }, (_, index) => `app-${index}`);
  return sampleModel(
    pods.map(pod => ({ ...one, target: sampleTarget(pod, { owner: { kind: 'StatefulSet', name: pod } }) })),
  );
}

export interface Scenario {
  name: string;
  model: () => ReportModel;
  /** The same results seen on two pods: reports by workload count them once. */
  replicas?: number;
}

const twoProfiles = () => {
  const target = sampleTarget('db-0', { owner: { kind: 'StatefulSet', name: 'db' } });
  const [one, two] = ['cis', 'stig'].map(name => sampleHdf([{ id: 'same-id', status: 'failed' }, { id: name }], name));
  return sampleModel([sampleAudited({ text: one ?? '', target }), sampleAudited({ text: two ?? '', target })]);
};

const cancelled = (): ReportModel => {
  const model = sampleModel([fixture('mix'), sampleUnreached('the run was interrupted')]);
  return { ...model, verdict: { ...model.verdict, verdict: 'error', reason: 'CANCELLED', exit: 130, exitCode: 130 } };
};

/** Every kind of run there is. */
export const scenarios: Scenario[] = [
  { name: 'all passed', model: () => sampleModel([fixture('clean')]) },
  { name: 'below the threshold', model: () => sampleModel([fixture('mix')]) },
  {
    name: 'failures that the gate tolerates',
    model: () => sampleModel([fixture('mix')], { threshold: 'compliance: {min: 50}\n' }),
  },
  { name: 'errors', model: () => sampleModel([fixture('result-status')]) },
  { name: 'waived', model: () => sampleModel([fixture('waivers')]) },
  { name: 'waiver expired', model: () => sampleModel([fixture('waiver-expired')]) },
  {
    name: 'waiver expired, strict',
    model: () => sampleModel([fixture('waiver-expired')], { options: { strict: true } }),
  },
  { name: 'not applicable', model: () => sampleModel([fixture('all-na')]) },
  { name: 'several profiles in one file', model: () => sampleModel([fixture('two-profiles')], inAll) },
  { name: 'several profiles on one target', model: twoProfiles },
  { name: 'equal ids in two profiles', model: () => sampleModel([fixture('shared-id')], inAll) },
  { name: 'replicas', model: () => sampleModel([fixture('mix', 'web-a'), fixture('mix', 'web-b')]), replicas: 2 },
  { name: 'overlay', model: () => sampleModel([fixture('overlay')]) },
  { name: 'severity tags', model: () => sampleModel([fixture('severity-tags')]) },
  { name: 'low impact', model: () => sampleModel([fixture('low-impact')]) },
  { name: 'unreached only', model: () => sampleModel([sampleUnreached()]) },
  {
    name: 'mixed',
    model: () => sampleModel([other('clean', 'api'), other('mix', 'web'), other('waivers', 'db'), sampleUnreached()]),
  },
  { name: 'results that cannot be judged', model: () => sampleModel([fixture('no-controls'), other('mix', 'api')]) },
  { name: 'no target', model: () => sampleModel([]) },
  { name: 'cancelled', model: cancelled },
  { name: '20,000 results', model: () => manyResults() },
];
