// SPDX-License-Identifier: Apache-2.0
// What clusters say of a pod that does not run its scan (the states are those of Kubernetes 1.20), and what is made of it.
import { describe, expect, test } from '@jest/globals';
import type { Seen, SeenPod } from './job-api.ts';
import { troubleOf } from './trouble.ts';

const name = 'cinc-scan-x-1';

const seenJob = (reason?: string): NonNullable<Seen['job']> => ({
  metadata: { name, uid: 'u' },
  status: { conditions: reason === undefined ? [] : [{ type: 'Failed', status: 'True', reason }] },
});

const pod = (status: SeenPod['status']): SeenPod => ({ metadata: { name: 'p' }, status });

const waiting = (reason: string, message = '') =>
  pod({ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason, message } } }] });

const ended = (terminated: object) => pod({ phase: 'Failed', containerStatuses: [{ state: { terminated } }] });

const now = { name, seconds: 1, patienceSeconds: 60 };
const late = { ...now, seconds: 61 };

describe('a pod that has not begun', () => {
  const standing = { kind: 'waiting' } as const;
  const trouble = (seen: Seen, waited = now) => troubleOf(seen, standing, waited);

  test.each([
    ['nothing is there yet', { job: seenJob(), pods: [] }],
    ['it is placed and starts', { job: seenJob(), pods: [waiting('ContainerCreating')] }],
    ['the first pull has failed', { job: seenJob(), pods: [waiting('ErrImagePull', 'timeout')] }],
    ['it runs and has not asked yet', { job: seenJob(), pods: [pod({ phase: 'Running' })] }],
  ])('is waited for: %s', (_, seen) => {
    expect(trouble(seen)).toBeUndefined();
  });

  test.each<[string, Seen, RegExp]>([
    [
      'its image is not to be had',
      { job: seenJob(), pods: [waiting('ImagePullBackOff', 'Back-off pulling image "x"')] },
      /ImagePullBackOff: Back-off pulling image "x"/,
    ],
    ['its image is not loaded', { job: seenJob(), pods: [waiting('ErrImageNeverPull')] }, /ErrImageNeverPull/],
    [
      'its image runs as root',
      { job: seenJob(), pods: [waiting('CreateContainerConfigError', 'image will run as root')] },
      /will run as root/,
    ],
    ['it is another program', { job: seenJob(), pods: [waiting('RunContainerError', 'no such file')] }, /no such file/],
    [
      'it ended',
      {
        job: seenJob(),
        pods: [ended({ exitCode: 4, message: 'x\nSERVICE_UNAVAILABLE: POST of https://scans\nLook' })],
      },
      /status 4: SERVICE_UNAVAILABLE: POST of https:\/\/scans$/,
    ],
    ['its Job was deleted', { job: undefined, pods: [] }, /was deleted before its pod began/],
    ['its Job gave up', { job: seenJob('DeadlineExceeded'), pods: [] }, /DeadlineExceeded/],
  ])('is given up at once: %s', (_, seen, message) => {
    expect(trouble(seen)).toMatchObject({ code: 'JOB_UNSTARTED', message: expect.stringMatching(message) });
  });

  const unplaced = pod({
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
    ],
  });
  test.each<[string, SeenPod[], RegExp]>([
    ['no pod was made', [], /has no pod after 61 s/],
    ['no node has room', [unplaced], /has no node after 61 s: 0\/1 nodes are available/],
    ['a volume is missing', [waiting('ContainerCreating')], /has not begun the scan after 61 s: ContainerCreating/],
    ['it does not ask', [pod({ phase: 'Running' })], /has not begun the scan after 61 s: Running/],
  ])('is given up in time: %s', (_, pods, message) => {
    expect(trouble({ job: seenJob(), pods })).toBeUndefined();
    expect(trouble({ job: seenJob(), pods }, late)).toMatchObject({
      code: 'JOB_UNSTARTED',
      message: expect.stringMatching(message),
    });
  });
});

describe('a pod that has the scan', () => {
  const standing = { kind: 'taken', by: 'p' } as const;

  test('is left alone while it runs, however long, whatever becomes of its Job and of other pods', () => {
    const other = { ...ended({ exitCode: 1 }), metadata: { name: 'q' } };
    const pods = [other, pod({ phase: 'Running' })];
    expect(troubleOf({ job: undefined, pods }, standing, late)).toBeUndefined();
  });

  test.each<[string, Seen, RegExp]>([
    [
      'deleted',
      { job: seenJob(), pods: [waiting('ContainerCreating')].map(each => ({ ...each, metadata: { name: 'q' } })) },
      /it was deleted/,
    ],
    ['killed', { job: seenJob(), pods: [ended({ exitCode: 137, reason: 'Error' })] }, /status 137/],
    [
      'out of memory',
      { job: seenJob(), pods: [ended({ exitCode: 137, reason: 'OOMKilled' })] },
      /more memory than it may have/,
    ],
    [
      'evicted',
      { job: seenJob(), pods: [pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' })] },
      /Evicted: The node was low on memory/,
    ],
    ['too slow', { job: seenJob('DeadlineExceeded'), pods: [] }, /longer than the deadline of the scan/],
    [
      'done, without a word',
      {
        job: seenJob(),
        pods: [
          {
            ...ended({ exitCode: 0 }),
            status: { phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0 } } }] },
          },
        ],
      },
      /status 0/,
    ],
  ])('is lost: %s', (_, seen, message) => {
    expect(troubleOf(seen, standing, now)).toMatchObject({ code: 'JOB_LOST', message: expect.stringMatching(message) });
  });

  test('tells of its log only the error of the program', () => {
    const seen = { job: seenJob(), pods: [ended({ exitCode: 1, message: '{"secret":"s3cret"}\nat x (s3cret)\n' })] };
    expect(troubleOf(seen, standing, now)?.message).not.toContain('s3cret');
  });
});
