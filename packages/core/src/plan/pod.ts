// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { injectedContainer } from './injected.ts';
import type { Owner } from './target.ts';

const containerStatus = z.object({
  name: z.string(),
  containerID: z.string().optional(),
  imageID: z.string().optional(),
  restartCount: z.number().default(0),
  state: z
    .object({
      running: z.object({}).loose().optional(),
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      terminated: z.object({ reason: z.string().optional(), exitCode: z.number().optional() }).optional(),
    })
    .default({}),
});

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  command: z.array(z.string()).nullish(),
  restartPolicy: z.string().optional(),
});

/** As much of a pod as a plan needs. */
export const podShape = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    deletionTimestamp: z.string().nullish(),
    ownerReferences: z
      .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().optional() }))
      .nullish(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(container),
    initContainers: z.array(container).nullish(),
  }),
  status: z
    .object({
      phase: z.string().default('Unknown'),
      containerStatuses: z.array(containerStatus).nullish(),
      initContainerStatuses: z.array(containerStatus).nullish(),
      ephemeralContainerStatuses: z.array(containerStatus).nullish(),
    })
    .prefault({}),
});

export type Pod = z.infer<typeof podShape>;
export type ContainerStatus = z.infer<typeof containerStatus>;

export const podList = z.object({
  items: z.array(podShape),
  metadata: z.object({ continue: z.string().optional() }).default({}),
});

/** Names of the containers that stay: regular ones and init containers that restart always (native sidecars). */
export function containerNames(pod: Pod): string[] {
  const lasting = (pod.spec.initContainers ?? []).filter(each => each.restartPolicy === 'Always');
  const own = injectedContainer(pod);
  return [...pod.spec.containers, ...lasting].map(each => each.name).filter(name => name !== own);
}

export function containerStatusOf(pod: Pod, name: string): ContainerStatus | undefined {
  return [...(pod.status.containerStatuses ?? []), ...(pod.status.initContainerStatuses ?? [])].find(
    status => status.name === name,
  );
}

/** Long before it is gone its containers get the signal to end. */
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp != null;

/** Why a container is not running, in the cluster's words; undefined if it runs. */
export function whyNotRunning(pod: Pod, name: string): string | undefined {
  if (isTerminating(pod)) return 'the pod is terminating: it is being deleted';
  const status = containerStatusOf(pod, name);
  if (status?.state.running !== undefined && status.containerID !== undefined) return undefined;
  const { waiting, terminated } = status?.state ?? {};
  if (waiting) return `waiting: ${[waiting.reason, waiting.message].filter(Boolean).join(', ') || 'no reason given'}`;
  if (terminated) return endedText(terminated);
  return `the pod is ${pod.status.phase}`;
}

const endedText = ({ reason = 'unknown', exitCode }: { reason?: string | undefined; exitCode?: number | undefined }) =>
  `ended: ${reason}, exit code ${exitCode ?? '?'}`;

/** The workload a pod belongs to, from names alone, so that no right to read ReplicaSets or Jobs is needed. */
export function ownerOf(pod: Pod): Owner {
  const reference = pod.metadata.ownerReferences?.find(each => each.controller === true);
  if (reference === undefined) return { kind: 'Pod', name: pod.metadata.name };
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (reference.kind === 'ReplicaSet' && hash !== undefined && reference.name.endsWith(`-${hash}`))
    return { kind: 'Deployment', name: reference.name.slice(0, -hash.length - 1) };
  // The CronJob controller appends the scheduled minute since the epoch.
  const scheduled = /^(.+)-\d{8,10}$/.exec(reference.name);
  if (reference.kind === 'Job' && scheduled?.[1] !== undefined) return { kind: 'CronJob', name: scheduled[1] };
  return { kind: reference.kind, name: reference.name };
}

export const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** The container that is meant where none is named; undefined where that is not clear. */
export function usualContainer(names: string[], annotations: Record<string, string>): string | undefined {
  return names.length === 1 ? names[0] : annotations[defaultContainer];
}
