// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from './json.ts';
import { kindNamed } from './kinds.ts';
import { type KubeObject, type Pod, parsePod, timestamp } from './objects.ts';
import { qosClass } from './pod-defaults.ts';
import { type NodeOptions, PodWorker } from './pod-worker.ts';
import type { StoreEvent } from './store.ts';

export const nodeName = 'n1';

export const nodeLabels: Record<string, string> = {
  'kubernetes.io/hostname': nodeName,
  'kubernetes.io/os': 'linux',
};

const podKind = kindNamed('Pod');

/** Scheduler and node agent in one: gives pods to the one node, runs them there, and ends what was deleted. */
export class Node {
  readonly #options: NodeOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #unsubscribe: () => void;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: NodeOptions) {
    this.#options = options;
    // Reactions come after every listener has seen the event, so that none sees a later one first.
    this.#unsubscribe = options.store.subscribe(event => {
      if (event.kind.kind === 'Pod') setImmediate(() => this.#react(event));
    });
  }

  /** The id of a container of this pod that runs now. */
  running(pod: KubeObject, container: string): string | undefined {
    return this.#workers.get(pod.metadata.uid)?.running(container);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([...this.#workers.values()].map(worker => worker.stop(0)));
    await Promise.all(this.#ending);
  }

  #react(event: StoreEvent): void {
    const { uid, name, namespace = '' } = event.object.metadata;
    const current = this.#options.store.find('Pod', namespace, name);
    if (event.type === 'DELETED' || current?.metadata.uid !== uid) {
      void this.#workers.get(uid)?.stop(0);
      return;
    }
    this.#reconcile(parsePod(current));
  }

  #reconcile(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined) return this.#end(pod, worker);
    if (worker !== undefined) return worker.observe(pod);
    if (pod.spec.nodeName !== undefined) return this.#run(pod);
    this.#schedule(pod);
  }

  #run(pod: Pod): void {
    if (pod.spec.nodeName !== nodeName) return;
    const worker = new PodWorker(pod, this.#options);
    this.#workers.set(pod.metadata.uid, worker);
    worker.start();
  }

  #end(pod: Pod, worker: PodWorker | undefined): void {
    const { uid } = pod.metadata;
    if (worker === undefined) return this.#forget(pod);
    this.#workers.delete(uid);
    const ending = worker
      .stop(pod.metadata.deletionGracePeriodSeconds ?? 0)
      .then(() => this.#forget(pod))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #forget(pod: Pod): void {
    const last = this.#options.store.change(podKind, pod, object => {
      object.metadata.deletionGracePeriodSeconds = 0;
    });
    if (last !== undefined) this.#options.store.remove(podKind, last);
  }

  #schedule(pod: Pod): void {
    const fits = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => nodeLabels[key] === value);
    const now = timestamp(this.#options.store.now());
    this.#options.store.change(podKind, pod, object => {
      const changed = parsePod(object);
      if (fits) changed.spec.nodeName = nodeName;
      changed.status = { ...changed.status, conditions: [fits ? scheduled(now) : this.#unscheduled(changed, now)] };
    });
  }

  #unscheduled(pod: Pod, now: string): JsonObject {
    const known = Array.isArray(pod.status['conditions']) ? pod.status['conditions'][0] : undefined;
    const fresh = { ...unschedulable, lastTransitionTime: now };
    const unchanged = isDeepStrictEqual(
      { ...fresh, lastTransitionTime: null },
      { ...toObject(known), lastTransitionTime: null },
    );
    return unchanged ? toObject(known) : fresh;
  }
}

function toObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function scheduled(now: string): JsonObject {
  return { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
}

const unschedulable: JsonObject = {
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null,
  reason: 'Unschedulable',
  message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
};

export function newPodStatus(pod: Pod): JsonObject {
  return { phase: 'Pending', qosClass: qosClass(pod.spec) };
}
