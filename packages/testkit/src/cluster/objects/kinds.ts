// SPDX-License-Identifier: Apache-2.0

import type { Schema } from './schema.ts';
import { type KindName, schemas } from './schemas.ts';
import type { Named } from './status.ts';

export interface Kind extends Named {
  version: string;
  kind: KindName;
  singular: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  subresources: Subresource[];
  schema: Schema;
}

interface Subresource {
  name: string;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
}

type Row = {
  kind: KindName;
  resource: string;
  group?: string;
  cluster?: true;
  verbs?: string[];
  short?: string[];
  all?: true;
  subresources?: Subresource[];
};

const stored = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const rbac = 'rbac.authorization.k8s.io';
const access = { group: 'authorization.k8s.io', verbs: ['create'] };

const token: Subresource = {
  name: 'token',
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  verbs: ['create'],
};
const exec: Subresource = { name: 'exec', kind: 'PodExecOptions', verbs: ['create', 'get'] };
const ephemeral: Subresource = { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] };

const rows: Row[] = [
  { kind: 'ConfigMap', resource: 'configmaps', short: ['cm'] },
  {
    kind: 'Namespace',
    resource: 'namespaces',
    cluster: true,
    verbs: stored.filter(verb => verb !== 'deletecollection'),
    short: ['ns'],
  },
  { kind: 'Node', resource: 'nodes', cluster: true, verbs: ['get', 'list', 'watch'], short: ['no'] },
  { kind: 'Pod', resource: 'pods', short: ['po'], all: true, subresources: [ephemeral, exec] },
  { kind: 'Secret', resource: 'secrets' },
  { kind: 'ServiceAccount', resource: 'serviceaccounts', short: ['sa'], subresources: [token] },
  { kind: 'DaemonSet', resource: 'daemonsets', group: 'apps', short: ['ds'], all: true },
  { kind: 'Deployment', resource: 'deployments', group: 'apps', short: ['deploy'], all: true },
  { kind: 'ReplicaSet', resource: 'replicasets', group: 'apps', short: ['rs'], all: true },
  { kind: 'StatefulSet', resource: 'statefulsets', group: 'apps', short: ['sts'], all: true },
  {
    kind: 'SelfSubjectReview',
    resource: 'selfsubjectreviews',
    group: 'authentication.k8s.io',
    cluster: true,
    verbs: ['create'],
  },
  { kind: 'SelfSubjectAccessReview', resource: 'selfsubjectaccessreviews', cluster: true, ...access },
  { kind: 'SelfSubjectRulesReview', resource: 'selfsubjectrulesreviews', cluster: true, ...access },
  { kind: 'SubjectAccessReview', resource: 'subjectaccessreviews', cluster: true, ...access },
  { kind: 'CronJob', resource: 'cronjobs', group: 'batch', short: ['cj'], all: true },
  { kind: 'Job', resource: 'jobs', group: 'batch', all: true },
  { kind: 'ClusterRoleBinding', resource: 'clusterrolebindings', group: rbac, cluster: true },
  { kind: 'ClusterRole', resource: 'clusterroles', group: rbac, cluster: true },
  { kind: 'RoleBinding', resource: 'rolebindings', group: rbac },
  { kind: 'Role', resource: 'roles', group: rbac },
];

function toKind(row: Row): Kind {
  return {
    kind: row.kind,
    resource: row.resource,
    group: row.group ?? '',
    version: 'v1',
    singular: row.kind.toLowerCase(),
    namespaced: row.cluster === undefined,
    verbs: row.verbs ?? stored,
    shortNames: row.short ?? [],
    categories: row.all === undefined ? [] : ['all'],
    subresources: row.subresources ?? [],
    schema: schemas[row.kind],
  };
}

export type Version = '1.36' | '1.26' | '1.20';

/** Of the servers whose answers were recorded. */
export const releases: Record<Version, string> = { '1.36': 'v1.36.2', '1.26': 'v1.26.5', '1.20': 'v1.20.2' };

const everyKind: Kind[] = rows.map(toKind);

export function servedKinds(version: Version): Kind[] {
  // SelfSubjectReview became v1 with Kubernetes 1.28.
  if (version === '1.36') return everyKind;
  const kinds = everyKind.filter(kind => kind.kind !== 'SelfSubjectReview');
  // Debug containers were behind a gate that was closed until 1.23.
  const withoutDebug = (kind: Kind) => ({
    ...kind,
    subresources: kind.subresources.filter(each => each !== ephemeral),
  });
  return version === '1.20' ? kinds.map(withoutDebug) : kinds;
}

export function findKind(name: string): Kind | undefined {
  return everyKind.find(kind => kind.kind === name);
}

export function kindNamed(name: KindName): Kind {
  const kind = everyKind.find(one => one.kind === name);
  if (kind === undefined) throw new TypeError(`No kind ${name}`);
  return kind;
}

export function apiVersion(kind: { group: string; version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
