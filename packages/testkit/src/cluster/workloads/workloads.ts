// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { removeObject } from '../api/deletion.ts';
import { type JsonObject, listAt, numberAt, objectAt, textAt } from '../objects/json.ts';
import { findKind, kindNamed } from '../objects/kinds.ts';
import { suffix } from '../objects/names.ts';
import { type KubeObject, type Meta, type Pod, parseContainers, parsePod } from '../objects/objects.ts';
import type { KindName } from '../objects/schemas.ts';
import type { Store } from '../objects/store.ts';
import { defaultPodSpec, withAccountVolume } from '../pods/defaults.ts';
import { newPodStatus } from '../pods/node.ts';
import { podSecurityViolation, toLevel } from '../pods/security.ts';

const reconcilers: Record<string, (store: Store, object: KubeObject) => void> = {
  Deployment: reconcileDeployment,
  ReplicaSet: reconcileReplicaSet,
  StatefulSet: reconcileStatefulSet,
  DaemonSet: reconcileDaemonSet,
  Job: reconcileJob,
};

export const workloadKinds = new Set(Object.keys(reconcilers));

export function reconcileWorkload(store: Store, object: KubeObject): void {
  reconcilers[object.kind]?.(store, object);
}

function ownedBy(store: Store, kind: KindName, owner: KubeObject): KubeObject[] {
  return store
    .list(kind, owner.metadata.namespace)
    .filter(object => object.metadata.ownerReferences?.some(one => one.uid === owner.metadata.uid) ?? false);
}

function livePods(store: Store, owner: KubeObject): Pod[] {
  return ownedBy(store, 'Pod', owner)
    .filter(pod => pod.metadata.deletionTimestamp === undefined)
    .map(parsePod);
}

function isReady(pod: Pod): boolean {
  return listAt(pod.status, 'conditions').some(
    one => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

function isOver(pod: Pod): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod.status, 'phase'));
}

function reference(owner: KubeObject): Meta['ownerReferences'] {
  const { kind, apiVersion, metadata } = owner;
  return [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }];
}

function reconcileDeployment(store: Store, deployment: KubeObject): void {
  const template = objectAt(deployment, 'spec', 'template');
  const hash = templateHash(template);
  const name = `${deployment.metadata.name}-${hash}`;
  const sets = ownedBy(store, 'ReplicaSet', deployment);
  const current = sets.find(set => set.metadata.name === name) ?? createReplicaSet(store, deployment, { name, hash });
  const replicas = numberAt(deployment, 'spec', 'replicas') ?? 1;
  scaleSet(store, current, replicas);
  for (const old of sets) if (old.metadata.name !== name) scaleSet(store, old, 0);
  const status = (set: KubeObject, field: string): number =>
    numberAt(store.find('ReplicaSet', set.metadata.namespace ?? '', set.metadata.name), 'status', field) ?? 0;
  const total = (field: string): number =>
    [...new Set([current, ...sets])].reduce((sum, set) => sum + status(set, field), 0);
  setStatus(store, deployment, {
    observedGeneration: deployment.metadata.generation,
    replicas: total('replicas'),
    updatedReplicas: status(current, 'replicas'),
    readyReplicas: total('readyReplicas'),
    availableReplicas: total('readyReplicas'),
  });
}

function templateHash(template: JsonObject): string {
  const digest = createHash('sha256').update(JSON.stringify(template)).digest('hex');
  return digest.slice(0, 10);
}

function createReplicaSet(
  store: Store,
  deployment: KubeObject,
  { name, hash }: { name: string; hash: string },
): KubeObject {
  const spec = objectAt(deployment, 'spec');
  const label = { 'pod-template-hash': hash };
  const labels = { ...objectAt(spec, 'template', 'metadata', 'labels'), ...label };
  const matchLabels = { ...objectAt(spec, 'selector', 'matchLabels'), ...label };
  const template = objectAt(spec, 'template');
  const metadata: Meta = {
    name,
    uid: '',
    generation: 1,
    labels: textsOf(labels),
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    ...(deployment.metadata.namespace === undefined ? {} : { namespace: deployment.metadata.namespace }),
  };
  const owners = reference(deployment);
  if (owners !== undefined) metadata.ownerReferences = owners;
  return store.create(kindNamed('ReplicaSet'), {
    kind: 'ReplicaSet',
    apiVersion: 'apps/v1',
    metadata,
    spec: {
      replicas: numberAt(spec, 'replicas') ?? 1,
      selector: { ...objectAt(spec, 'selector'), matchLabels },
      template: { ...template, metadata: { ...objectAt(template, 'metadata'), labels } },
    },
  });
}

function textsOf(labels: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function scaleSet(store: Store, set: KubeObject, replicas: number): void {
  store.change(kindNamed('ReplicaSet'), set, object => {
    const spec = objectAt(object, 'spec');
    if (spec['replicas'] === replicas) return;
    object['spec'] = { ...spec, replicas };
    object.metadata.generation = (object.metadata.generation ?? 0) + 1;
  });
}

function setStatus(store: Store, owner: KubeObject, status: JsonObject): void {
  const kind = findKind(owner.kind);
  if (kind === undefined) return;
  store.change(kind, owner, object => {
    object['status'] = status;
  });
}

function reconcileReplicaSet(store: Store, set: KubeObject): void {
  const wanted = numberAt(set, 'spec', 'replicas') ?? 1;
  const live = livePods(store, set).filter(pod => !isOver(pod));
  for (let missing = wanted - live.length; missing > 0; missing -= 1) {
    createPod(store, set, `${set.metadata.name}-${suffix()}`);
  }
  for (const pod of live.slice(wanted)) removeObject(store, { kind: kindNamed('Pod'), object: pod });
  const kept = livePods(store, set);
  const ready = kept.filter(isReady).length;
  setStatus(store, set, {
    replicas: kept.length,
    fullyLabeledReplicas: kept.length,
    readyReplicas: ready,
    availableReplicas: ready,
    observedGeneration: set.metadata.generation,
  });
}

function reconcileStatefulSet(store: Store, set: KubeObject): void {
  const wanted = numberAt(set, 'spec', 'replicas') ?? 1;
  const pods = ownedBy(store, 'Pod', set).map(parsePod);
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const name = `${set.metadata.name}-${ordinal}`;
    const found = pods.find(pod => pod.metadata.name === name);
    if (found === undefined) createPod(store, set, name);
    // Ordered: the next one waits until this one is ready.
    if (found === undefined || !isReady(found)) break;
  }
  for (const pod of pods) {
    const ordinal = Number(pod.metadata.name.split('-').at(-1));
    if (ordinal >= wanted) removeObject(store, { kind: kindNamed('Pod'), object: pod });
  }
  const kept = livePods(store, set);
  setStatus(store, set, {
    observedGeneration: set.metadata.generation,
    replicas: kept.length,
    readyReplicas: kept.filter(isReady).length,
    availableReplicas: kept.filter(isReady).length,
  });
}

function reconcileDaemonSet(store: Store, set: KubeObject): void {
  if (livePods(store, set).length === 0) createPod(store, set, `${set.metadata.name}-${suffix()}`);
  const ready = livePods(store, set).filter(isReady).length;
  setStatus(store, set, {
    observedGeneration: set.metadata.generation,
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    numberReady: ready,
    numberAvailable: ready,
  });
}

function reconcileJob(store: Store, job: KubeObject): void {
  const pods = ownedBy(store, 'Pod', job).map(parsePod);
  const succeeded = pods.filter(pod => pod.status['phase'] === 'Succeeded').length;
  const failed = pods.filter(pod => pod.status['phase'] === 'Failed').length;
  const active = pods.length - succeeded - failed;
  const given = failed > (numberAt(job, 'spec', 'backoffLimit') ?? 6);
  if (succeeded === 0 && active === 0 && !given) createPod(store, job, `${job.metadata.name}-${suffix()}`);
  setStatus(store, job, jobStatus({ succeeded, failed, given }));
}

function jobStatus({ succeeded, failed, given }: { succeeded: number; failed: number; given: boolean }): JsonObject {
  const type = given ? 'Failed' : 'Complete';
  const over = given || succeeded > 0;
  return {
    ...(over ? { conditions: [{ type, status: 'True' }] } : { active: 1 }),
    ...(succeeded > 0 ? { succeeded } : {}),
    ...(failed > 0 ? { failed } : {}),
  };
}

function createPod(store: Store, owner: KubeObject, name: string): void {
  const template = objectAt(owner, 'spec', 'template');
  const { namespace = '' } = owner.metadata;
  if (store.find('Pod', namespace, name) !== undefined) return;
  const pod = toPod(template);
  const account = store.find('ServiceAccount', namespace, pod.spec.serviceAccountName);
  if (account === undefined || !admitted(store, namespace, pod)) return;
  const extra = extraLabels(owner, name);
  pod.metadata = {
    ...pod.metadata,
    name,
    namespace,
    uid: '',
    generation: 1,
    labels: { ...pod.metadata.labels, ...extra },
    ...(reference(owner) === undefined ? {} : { ownerReferences: reference(owner) ?? [] }),
  };
  pod.spec = withAccountVolume(pod.spec, account);
  pod.status = newPodStatus(pod);
  if (store.version !== '1.36') delete pod.metadata.generation;
  store.create(kindNamed('Pod'), pod);
}

/** Pod Security admission refuses a controller's pods as well; the controller goes without. */
function admitted(store: Store, namespace: string, pod: Pod): boolean {
  const labels = store.find('Namespace', '', namespace)?.metadata.labels ?? {};
  return podSecurityViolation(pod.spec, toLevel(labels['pod-security.kubernetes.io/enforce'])) === undefined;
}

function extraLabels(owner: KubeObject, name: string): Record<string, string> {
  return owner.kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': name } : {};
}

function toPod(template: JsonObject): Pod {
  const spec = objectAt(template, 'spec');
  const complete = defaultPodSpec({ ...spec, containers: parseContainers(spec) });
  const metadata = { name: '', uid: '', ...objectAt(template, 'metadata') };
  return parsePod({ kind: 'Pod', apiVersion: 'v1', metadata, spec: complete, status: {} });
}
