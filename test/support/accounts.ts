// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { until } from '@cinc-scan/testkit';
import type { TestCluster } from './cluster.ts';
import { kubeconfigWith } from './kubeconfig.ts';

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** Everything a scan with a temporary identity needs of its operator in a namespace. */
export const operatorRules: Rule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['create', 'get', 'delete'] },
  { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  {
    apiGroups: ['rbac.authorization.k8s.io'],
    resources: ['roles', 'rolebindings'],
    verbs: ['create', 'get', 'delete'],
  },
];

export interface Account {
  kubeconfigPath: string;
  /** As the API server names it. */
  user: string;
}

/** A user with these rights in a namespace and no others: a service account, since any cluster makes those. */
export async function makeAccount(cluster: TestCluster, namespace: string, rules: Rule[]): Promise<Account> {
  const { api } = cluster;
  const name = `user-${randomBytes(4).toString('hex')}`;
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await api.call('POST', account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  await api.call('POST', `${rbac}/roles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name, namespace },
    rules,
  });
  await api.call('POST', `${rbac}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  const user = `system:serviceaccount:${namespace}:${name}`;
  await untilAllowed(cluster, { user, namespace, rules });
  const { status } = await api.call('POST', `${account}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  return { kubeconfigPath: kubeconfigWith(cluster, name, { user: { token: status?.['token'] } }), user };
}

/** Authorizers learn of new bindings from a watch. */
async function untilAllowed(
  { api }: TestCluster,
  { user, namespace, rules }: { user: string; namespace: string; rules: Rule[] },
): Promise<void> {
  const last = rules.at(-1);
  if (last === undefined) return;
  const [resource, subresource] = last.resources[0]?.split('/') ?? [];
  await until(`rights of ${user}`, async () => {
    const answer = await api.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        resourceAttributes: {
          namespace,
          group: last.apiGroups[0],
          resource,
          verb: last.verbs[0],
          ...(subresource !== undefined && { subresource }),
          ...(last.resourceNames && { name: last.resourceNames[0] }),
        },
      },
    });
    return answer.status?.['allowed'] === true;
  });
}
