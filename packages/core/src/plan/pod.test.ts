// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { injectedContainer, sidecarAnnotation } from './injected.ts';
import { passedOver } from './passed-over.ts';
import { containerNames, ownerOf, podShape, whyNotRunning } from './pod.ts';

interface Given {
  labels?: Record<string, string>;
  owners?: { kind: string; name: string; controller?: boolean }[];
  status?: object;
  initContainers?: object[];
}

function podOf({ labels, owners, status, initContainers }: Given) {
  return podShape.parse({
    metadata: { name: 'web-0', namespace: 'shop', uid: 'u', labels, ownerReferences: owners },
    spec: { containers: [{ name: 'app' }], initContainers },
    status,
  });
}

describe('the owner of a pod', () => {
  const controller = true;
  const owners: [name: string, given: Given, owner: { kind: string; name: string }][] = [
    ['itself', {}, { kind: 'Pod', name: 'web-0' }],
    ['itself, where nobody controls it', { owners: [{ kind: 'Node', name: 'n1' }] }, { kind: 'Pod', name: 'web-0' }],
    [
      'the deployment above its replica set',
      {
        labels: { 'pod-template-hash': '6d4b75cb6d' },
        owners: [{ kind: 'ReplicaSet', name: 'web-6d4b75cb6d', controller }],
      },
      { kind: 'Deployment', name: 'web' },
    ],
    [
      'a replica set of its own',
      {
        labels: { 'pod-template-hash': 'other' },
        owners: [{ kind: 'ReplicaSet', name: 'web-6d4b75cb6d', controller }],
      },
      { kind: 'ReplicaSet', name: 'web-6d4b75cb6d' },
    ],
    [
      'a stateful set',
      { owners: [{ kind: 'StatefulSet', name: 'db', controller }] },
      { kind: 'StatefulSet', name: 'db' },
    ],
    [
      'the cron job above its job',
      { owners: [{ kind: 'Job', name: 'nightly-29384640', controller }] },
      { kind: 'CronJob', name: 'nightly' },
    ],
    [
      'a job of its own',
      { owners: [{ kind: 'Job', name: 'migrate-2', controller }] },
      { kind: 'Job', name: 'migrate-2' },
    ],
  ];
  test.each(owners)('is %s', (_name, given, owner) => expect(ownerOf(podOf(given))).toEqual(owner));
});

describe('a container', () => {
  const stateOf = (status: object) =>
    podOf({ status: { phase: 'Running', containerStatuses: [{ name: 'app', ...status }] } });

  test('runs when it has an id and is said to run', () => {
    expect(whyNotRunning(stateOf({ containerID: 'containerd://1', state: { running: {} } }), 'app')).toBeUndefined();
  });

  const reasons: [name: string, status: object, words: string][] = [
    [
      'that waits',
      { state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } } },
      'waiting: CrashLoopBackOff, back-off',
    ],
    ['that waits for no reason', { state: { waiting: {} } }, 'waiting: no reason given'],
    [
      'that has ended',
      { state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } },
      'ended: OOMKilled, exit code 137',
    ],
    ['that has ended somehow', { state: { terminated: {} } }, 'ended: unknown, exit code ?'],
    ['without an id', { state: { running: {} } }, 'the pod is Running'],
  ];
  test.each(reasons)('%s does not run, in the words of the cluster', (_name, status, words) =>
    expect(whyNotRunning(stateOf(status), 'app')).toBe(words),
  );

  test('of a pod that was never scheduled does not run', () => {
    expect(whyNotRunning(podOf({ status: { phase: 'Pending' } }), 'app')).toBe('the pod is Pending');
    expect(whyNotRunning(podOf({}), 'app')).toBe('the pod is Unknown');
  });

  test('of the beginning counts only if it stays', () => {
    const initContainers = [{ name: 'once' }, { name: 'sidecar', restartPolicy: 'Always' }];
    expect(containerNames(podOf({ initContainers }))).toEqual(['app', 'sidecar']);
  });
});

describe('the scanner container that was injected', () => {
  const idle = ['/cinc-scan/helper', 'idle', '--ignore-stdin'];
  const pod = (more: object, value = 'cinc-scan-sidecar') => {
    const { metadata, spec } = podOf({});
    const containers = [...spec.containers, { name: 'cinc-scan-sidecar', command: idle, ...more }];
    return podShape.parse({
      metadata: { ...metadata, annotations: { [sidecarAnnotation]: value } },
      spec: { containers },
    });
  };

  test.each<[string, object]>([
    ['that waits', {}],
    ['that scans by itself', { command: ['cinc-scan', 'sidecar', 'run', '--container', 'app'] }],
  ])('%s is not a target, and is named', (_, more) => {
    expect(containerNames(pod(more))).toEqual(['app']);
    expect(passedOver(pod(more), ['app'], '').map(({ container }) => container)).toEqual(['cinc-scan-sidecar']);
  });

  test.each<[string, object, string]>([
    ['another command', { command: ['sh', '-c', 'sleep 1d'] }, 'cinc-scan-sidecar'],
    ['no command', { command: null }, 'cinc-scan-sidecar'],
    ['another name', { name: 'backdoor' }, 'cinc-scan-sidecar'],
    ['an annotation that names another container', {}, 'app'],
  ])('with %s is looked at like any other', (_, more, value) => {
    expect(containerNames(pod(more, value))).toHaveLength(2);
    expect(injectedContainer(pod(more, value))).toBeUndefined();
  });

  test('and a debug container that runs are passed over by name', () => {
    const running = { state: { running: {} } };
    const ended = { state: { terminated: { exitCode: 0 } } };
    const status = {
      ephemeralContainerStatuses: [
        { name: 'shell', ...running },
        { name: 'old', ...ended },
      ],
    };
    expect(passedOver(podOf({ status }), ['app'], '').map(({ container }) => container)).toEqual(['shell']);
  });
});

test('a pod without a uid is none', () => {
  expect(podShape.safeParse({ metadata: { name: 'a', namespace: 'b' }, spec: { containers: [] } }).success).toBe(false);
});
