// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { toGroups } from './groups.ts';
import { sampleAudited, sampleHdf, sampleModel, sampleTarget, sampleUnreached } from './testing/sample-model.ts';
import { toViews } from './views.ts';

type Status = 'passed' | 'failed' | 'skipped' | 'error';
const pod = (name: string, status: Status, changes = {}) =>
  sampleAudited({
    text: sampleHdf([
      { id: 'x', status, message: name },
      { id: 'y', status: 'passed' }, // of results in which nothing was evaluated no row is shown
    ]),
    target: sampleTarget(name, changes),
  });
const groupsOf = (...outcomes: Parameters<typeof sampleModel>[0]) => toGroups(toViews(sampleModel(outcomes)));

describe('replicas', () => {
  test.each<[Status[], Status, string[]]>([
    [['passed', 'failed', 'passed'], 'failed', ['pod-1']],
    [['error', 'failed'], 'failed', ['pod-1']],
    [['skipped', 'error', 'error'], 'error', ['pod-1', 'pod-2']],
    [['passed', 'skipped'], 'skipped', ['pod-1']],
    [['passed', 'passed'], 'passed', ['pod-0', 'pod-1']],
  ])('with %j are %s, in %j', (statuses, worst, pods) => {
    const [group, ...others] = groupsOf(...statuses.map((status, index) => pod(`pod-${index}`, status)));
    expect(others).toEqual([]);
    const found = group?.controls.find(({ row }) => row.key === 'x');
    expect([found?.row.status, found?.pods]).toEqual([worst, pods]);
  });

  test('are of one workload only when cluster, namespace, workload and container are the same', () => {
    const other = [
      {},
      { cluster: 'b' },
      { namespace: 'b' },
      { container: 'b' },
      { owner: { kind: 'Deployment', name: 'b' } },
    ];
    expect(groupsOf(...other.map(changes => pod('p', 'passed', changes)))).toHaveLength(5);
  });

  test('that could not be judged stand beside the results of the others', () => {
    const lost = { ...sampleUnreached(), target: sampleTarget('pod-2') };
    const [group] = groupsOf(pod('pod-1', 'passed'), lost);
    expect(group?.controls.map(({ row }) => row.key)).toEqual(['x', 'y']);
    expect(group?.troubles.map(({ trouble }) => trouble.code)).toEqual(['TARGET_NOT_FOUND']);
  });
});
