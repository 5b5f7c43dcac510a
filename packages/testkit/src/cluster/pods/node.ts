// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, listAt, textAt } from '../objects/json.ts';
import { kindNamed } from '../objects/kinds.ts';
import { type KubeObject, type Pod, parsePod, timestamp } from '../objects/objects.ts';
import type { StoreEvent } from '../objects/store.ts';
import { qosClass } from './defaults.ts';
import { type NodeOptions, PodWorker } from './worker.ts';

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
  readonly #doomed = new Set<string>();

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
    const worker = this.#workers.get(uid);
    if (event.type !== 'DELETED' && current?.metadata.uid === uid) this.#reconcile(parsePod(current));
    else if (worker !== undefined) this.#await(worker.stop(0).then(() => void this.#workers.delete(uid)));
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
    const { uid, deletionGracePeriodSeconds: grace = 0 } = pod.metadata;
    if (worker === undefined) return this.#forget(pod);
    if (this.#doomed.has(uid)) return;
    this.#doomed.add(uid);
    this.#await(worker.stop(grace).then(() => this.#forget(pod)));
  }

  /** Keeps track of an ending, so that closing waits for it; what fails is reported and not lost. */
  #await(ending: Promise<void>): void {
    const tracked = ending
      .catch((error: unknown) => this.#options.logger.error('A pod could not be ended', error))
      .finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
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
    const [known] = listAt(pod.status, 'conditions');
    return isObject(known) && textAt(known, 'reason') === unschedulable['reason']
      ? known
      : { ...unschedulable, lastTransitionTime: now };
  }
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
