// SPDX-License-Identifier: Apache-2.0
import { removeObject } from '../api/deletion.ts';
import { apiVersion, kindNamed } from '../objects/kinds.ts';
import type { KubeObject, OwnerReference } from '../objects/objects.ts';
import type { KindName } from '../objects/schemas.ts';
import type { Store, StoreEvent } from '../objects/store.ts';
import { reconcileWorkload, workloadKinds } from './workloads.ts';

const namespaced: KindName[] = [
  'CronJob',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'ReplicaSet',
  'Pod',
  'RoleBinding',
  'Role',
  'Secret',
  'ConfigMap',
  'ServiceAccount',
];

/** Default accounts, garbage collection, namespace deletion and workloads, each in a few lines. */
export function startControllers(store: Store, ca: string): () => void {
  let running = true;
  const react = (event: StoreEvent): void => {
    if (!running) return;
    if (event.type === 'DELETED') collectDependents(store, event.object);
    else collectIfOrphaned(store, event);
    if (event.kind.kind === 'Namespace') settleNamespace(store, event.object, ca);
    else emptyTerminating(store, event.object.metadata.namespace ?? '');
    for (const workload of affected(store, event)) reconcileWorkload(store, workload);
  };
  const unsubscribe = store.subscribe(event => setImmediate(() => react(event)));
  for (const namespace of store.list('Namespace')) settleNamespace(store, namespace, ca);
  return () => {
    running = false;
    unsubscribe();
  };
}

function settleNamespace(store: Store, event: KubeObject, ca: string): void {
  const { name } = event.metadata;
  const current = store.find('Namespace', '', name);
  if (current === undefined) return;
  if (current.metadata.deletionTimestamp !== undefined) return emptyNamespace(store, name);
  if (store.find('ServiceAccount', name, 'default') === undefined)
    addTo(store, name, ['ServiceAccount', 'default', {}]);
  if (store.find('ConfigMap', name, 'kube-root-ca.crt') === undefined) {
    addTo(store, name, ['ConfigMap', 'kube-root-ca.crt', { data: { 'ca.crt': ca } }]);
  }
}

function addTo(
  store: Store,
  namespace: string,
  [kindName, name, rest]: [KindName, string, Record<string, Record<string, string>>],
): void {
  const kind = kindNamed(kindName);
  store.create(kind, {
    kind: kind.kind,
    apiVersion: apiVersion(kind),
    metadata: { name, namespace, uid: '' },
    ...rest,
  });
}

function emptyTerminating(store: Store, namespace: string): void {
  const found = namespace === '' ? undefined : store.find('Namespace', '', namespace);
  if (found?.metadata.deletionTimestamp !== undefined) emptyNamespace(store, namespace);
}

function emptyNamespace(store: Store, name: string): void {
  const left = namespaced.flatMap(kind => store.list(kind, name).map(object => ({ kind: kindNamed(kind), object })));
  for (const one of left) if (one.object.metadata.deletionTimestamp === undefined) removeObject(store, one);
  const remaining = namespaced.some(kind => store.list(kind, name).length > 0);
  const namespace = store.find('Namespace', '', name);
  if (!remaining && namespace !== undefined) store.remove(kindNamed('Namespace'), namespace);
}

function collectDependents(store: Store, owner: KubeObject): void {
  for (const kind of namespaced) {
    for (const object of store.list(kind)) {
      const owned = object.metadata.ownerReferences?.some(reference => reference.uid === owner.metadata.uid) ?? false;
      if (owned) collect(store, kind, object);
    }
  }
}

function collectIfOrphaned(store: Store, event: StoreEvent): void {
  if (event.object.metadata.ownerReferences === undefined) return;
  const { namespace = '', name, uid } = event.object.metadata;
  const current = store.find(event.kind, namespace, name);
  if (current?.metadata.uid === uid) collect(store, event.kind.kind, current);
}

/** Deletes an object whose owners are all gone; an owner in another namespace counts as gone. */
function collect(store: Store, kind: KindName, object: KubeObject): void {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
  if (owners.some(owner => lives(store, owner, object.metadata.namespace ?? ''))) return;
  if (store.find(kind, object.metadata.namespace ?? '', object.metadata.name) === undefined) return;
  removeObject(store, { kind: kindNamed(kind), object });
}

function lives(store: Store, owner: OwnerReference, namespace: string): boolean {
  const found = store.findByUid(owner.uid);
  if (found === undefined || found.kind !== owner.kind || found.metadata.name !== owner.name) return false;
  return found.metadata.namespace === undefined || found.metadata.namespace === namespace;
}

/** The workloads that an event concerns: the object itself, and the one that controls it. */
function affected(store: Store, event: StoreEvent): KubeObject[] {
  const { object } = event;
  const uids = [object.metadata.uid, ...(object.metadata.ownerReferences ?? []).map(owner => owner.uid)];
  return uids
    .map(uid => store.findByUid(uid))
    .filter(found => found !== undefined)
    .filter(found => workloadKinds.has(found.kind) && found.metadata.deletionTimestamp === undefined);
}
