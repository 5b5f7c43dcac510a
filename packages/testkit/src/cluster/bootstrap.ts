// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from './objects/json.ts';
import { apiVersion, kindNamed, releases } from './objects/kinds.ts';
import type { PolicyRule } from './objects/objects.ts';
import type { KindName } from './objects/schemas.ts';
import type { Store } from './objects/store.ts';
import { nodeLabels, nodeName } from './pods/node.ts';
import { masters } from './rbac/rbac.ts';

const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'patch', 'update'];
const rbacGroup = 'rbac.authorization.k8s.io';

const viewed: PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps', 'pods', 'serviceaccounts', 'namespaces'], verbs: read },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], verbs: read },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: read },
];

const edited: PolicyRule[] = [
  ...viewed,
  { apiGroups: [''], resources: ['pods/exec', 'secrets'], verbs: read },
  { apiGroups: [''], resources: ['configmaps', 'pods', 'pods/exec', 'secrets', 'serviceaccounts'], verbs: write },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], verbs: write },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs: write },
];

const probes = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

/** The roles that every cluster has, as far as they concern what is served here. */
const clusterRoles: Record<string, PolicyRule[]> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  admin: [...edited, { apiGroups: [rbacGroup], resources: ['rolebindings', 'roles'], verbs: [...read, ...write] }],
  edit: edited,
  view: viewed,
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:discovery': [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ],
  'system:public-info-viewer': [{ nonResourceURLs: probes, verbs: ['get'] }],
};

const clusterRoleBindings: Record<string, { role: string; groups: string[] }> = {
  'cluster-admin': { role: 'cluster-admin', groups: [masters] },
  'system:basic-user': { role: 'system:basic-user', groups: ['system:authenticated'] },
  'system:discovery': { role: 'system:discovery', groups: ['system:authenticated'] },
  'system:public-info-viewer': {
    role: 'system:public-info-viewer',
    groups: ['system:authenticated', 'system:unauthenticated'],
  },
};

/** What a cluster contains before anybody made anything. */
export function bootstrap(store: Store): void {
  for (const name of ['default', 'kube-public', 'kube-system']) {
    add(store, ['Namespace', name], {
      labels: { 'kubernetes.io/metadata.name': name },
      rest: { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
    });
  }
  for (const [name, rules] of Object.entries(clusterRoles)) {
    add(store, ['ClusterRole', name], { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' }, rest: { rules } });
  }
  for (const [name, { role, groups }] of Object.entries(clusterRoleBindings)) {
    const subjects = groups.map(group => ({ kind: 'Group', apiGroup: rbacGroup, name: group }));
    const roleRef = { apiGroup: rbacGroup, kind: 'ClusterRole', name: role };
    add(store, ['ClusterRoleBinding', name], {
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
      rest: { subjects, roleRef },
    });
  }
  addNode(store);
}

function addNode(store: Store): void {
  const kubeletVersion = releases[store.version];
  add(store, ['Node', nodeName], {
    labels: nodeLabels,
    rest: {
      spec: {},
      status: {
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        nodeInfo: { kubeletVersion, operatingSystem: 'linux' },
      },
    },
  });
}

type Parts = { labels: Record<string, string>; rest: JsonObject };

function add(store: Store, [kindName, object]: [KindName, string], { labels, rest }: Parts): void {
  const kind = kindNamed(kindName);
  store.create(kind, {
    kind: kind.kind,
    apiVersion: apiVersion(kind),
    metadata: { name: object, uid: '', labels },
    ...rest,
  });
}
