// SPDX-License-Identifier: Apache-2.0
import type { Ended } from '../../runtime/runtime.ts';
import { copy, type JsonObject, listAt, objectAt, textAt } from '../objects/json.ts';
import type { Version } from '../objects/kinds.ts';
import type { Container, Pod } from '../objects/objects.ts';
import { qosClass } from './defaults.ts';

export type ContainerState =
  | { waiting: { reason: string; message?: string } }
  | { running: { startedAt: string } }
  | { terminated: Terminated };

type Terminated = {
  exitCode: number;
  signal?: number;
  reason: string;
  message?: string;
  startedAt: string;
  finishedAt: string;
  containerID: string;
};

/** One container of a pod, as the node knows it. */
export interface ContainerRun {
  container: Container;
  ephemeral: boolean;
  state: ContainerState;
  lastState: ContainerState | Record<string, never>;
  restartCount: number;
  /** 64 hex digits once created. */
  id: string | undefined;
  imageId: string;
  user: { uid: number; gid: number; supplementalGroups: number[] } | undefined;
}

export function newRun(container: Container, ephemeral: boolean): ContainerRun {
  const state = { waiting: { reason: 'ContainerCreating' } };
  return { container, ephemeral, state, lastState: {}, restartCount: 0, id: undefined, imageId: '', user: undefined };
}

export function terminated(run: ContainerRun, ended: Ended, finishedAt: string): ContainerState {
  const startedAt = 'running' in run.state ? run.state.running.startedAt : finishedAt;
  const reason = ended.oomKilled ? 'OOMKilled' : ended.exitCode === 0 ? 'Completed' : 'Error';
  return {
    terminated: {
      exitCode: ended.exitCode,
      reason,
      startedAt,
      finishedAt,
      containerID: `containerd://${run.id ?? ''}`,
    },
  };
}

export interface Observed {
  runs: ContainerRun[];
  sandbox: boolean;
  stopping: boolean;
  startTime: string;
  podIP: string;
  now: string;
  version: Version;
}

export function podStatus(pod: Pod, seen: Observed): JsonObject {
  const normal = seen.runs.filter(run => !run.ephemeral);
  const debug = seen.runs.filter(run => run.ephemeral);
  const phase = phaseOf(pod, normal, seen.stopping);
  const statuses = { containerStatuses: normal.map(run => containerStatus(run, seen.version)) };
  const generation = observedGeneration(pod, seen.version);
  return {
    ...generation,
    phase,
    conditions: conditions(pod, { ...seen, runs: normal, phase }).map(condition => ({
      type: condition['type'],
      ...generation,
      ...condition,
    })),
    hostIP: '127.0.0.1',
    ...(seen.version !== '1.36' ? {} : { hostIPs: [{ ip: '127.0.0.1' }] }),
    ...(seen.sandbox ? { podIP: seen.podIP, podIPs: [{ ip: seen.podIP }] } : {}),
    startTime: seen.startTime,
    ...statuses,
    qosClass: qosClass(pod.spec),
    ...(debug.length === 0 ? {} : { ephemeralContainerStatuses: debug.map(run => containerStatus(run, seen.version)) }),
  };
}

function observedGeneration(pod: Pod, version: Version): JsonObject {
  return version !== '1.36' ? {} : { observedGeneration: pod.metadata.generation };
}

function containerStatus(run: ContainerRun, version: Version): JsonObject {
  const running = 'running' in run.state;
  const modern = version !== '1.36' || run.id === undefined ? {} : { resources: run.container.resources ?? {} };
  return copy({
    name: run.container.name,
    state: run.state,
    lastState: run.lastState,
    ready: running && !run.ephemeral,
    restartCount: run.restartCount,
    image: run.container.image,
    imageID: run.imageId,
    ...(run.id === undefined ? {} : { containerID: `containerd://${run.id}` }),
    ...(run.ephemeral ? {} : { started: running }),
    ...modern,
    ...(version !== '1.36' || run.user === undefined ? {} : { user: { linux: run.user } }),
  });
}

type Judged = Observed & { phase: string };

function phaseOf(pod: Pod, runs: ContainerRun[], stopping: boolean): string {
  const ran = (run: ContainerRun): boolean => !('waiting' in run.state) || 'terminated' in run.lastState;
  if (!runs.every(ran)) return 'Pending';
  const codes = runs.map(run => ('terminated' in run.state ? run.state.terminated.exitCode : undefined));
  if (codes.includes(undefined)) return 'Running';
  const policy = stopping ? 'Never' : pod.spec.restartPolicy;
  if (policy === 'Always') return 'Running';
  if (codes.every(code => code === 0)) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function conditions(pod: Pod, seen: Judged): JsonObject[] {
  const unready = seen.runs.filter(run => !('running' in run.state)).map(run => run.container.name);
  const readiness = readinessOf(seen.phase, unready);
  const wanted: JsonObject[] = [
    ...(seen.version !== '1.36'
      ? []
      : [{ type: 'PodReadyToStartContainers', status: seen.sandbox ? 'True' : 'False' }]),
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...readiness },
    { type: 'ContainersReady', ...readiness },
    { type: 'PodScheduled', status: 'True' },
  ];
  return wanted.map(condition => ({
    ...condition,
    lastProbeTime: null,
    lastTransitionTime: transitionTime(pod, condition, seen.now),
  }));
}

function readinessOf(phase: string, unready: string[]): JsonObject {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  if (unready.length === 0) return { status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { status: 'False', reason: 'ContainersNotReady', message };
}

function transitionTime(pod: Pod, condition: JsonObject, now: string): string {
  const before = listAt(pod.status, 'conditions').find(one => textAt(one, 'type') === condition['type']);
  const unchanged = before !== undefined && textAt(before, 'status') === condition['status'];
  return unchanged ? textAt(objectAt(before), 'lastTransitionTime') : now;
}
