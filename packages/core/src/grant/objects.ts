// SPDX-License-Identifier: Apache-2.0
import type { Permission } from '../cluster/index.ts';
import type { Target } from '../plan/index.ts';

export const managedBy = { label: 'app.kubernetes.io/managed-by', value: 'cinc-scan' } as const;
export const runLabel = 'cinc-scan.dev/run';
export const expiryAnnotation = 'cinc-scan.dev/expires-at';

export type GrantKind = 'ServiceAccount' | 'Role' | 'RoleBinding';

/** One object of a grant, as it is named in state files, logs and reports. */
export interface GrantObject {
  kind: GrantKind;
  namespace: string;
  name: string;
}

/** Where each kind lives in the API. */
export const grantKinds = {
  ServiceAccount: { apiVersion: 'v1', base: 'api/v1', resource: 'serviceaccounts', group: '' },
  Role: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    base: 'apis/rbac.authorization.k8s.io/v1',
    resource: 'roles',
    group: 'rbac.authorization.k8s.io',
  },
  RoleBinding: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    base: 'apis/rbac.authorization.k8s.io/v1',
    resource: 'rolebindings',
    group: 'rbac.authorization.k8s.io',
  },
} as const satisfies Record<GrantKind, object>;

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames: string[];
}

/**
 * Exactly what the exec lens needs, on exactly these pods. Exec over WebSocket is a GET, authorized as `get`; servers
 * since about 1.35 ask for `create` as well.
 */
export function scannerRules(pods: string[]): Rule[] {
  return [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: pods },
    { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: pods },
  ];
}

/** The rules as questions to the authorizer. */
export function toPermissions(rules: Rule[], namespace: string): Permission[] {
  return rules.flatMap(({ resources, verbs, resourceNames }) =>
    resources.flatMap(path => {
      const [resource = path, subresource] = path.split('/');
      return verbs.flatMap(verb =>
        resourceNames.map(name => ({
          verb,
          group: '',
          resource,
          namespace,
          name,
          ...(subresource !== undefined && { subresource }),
        })),
      );
    }),
  );
}

export interface Naming {
  runId: string;
  expiresAt: Date;
  labels: Record<string, string>;
}

export const grantName = (runId: string) => `cinc-scan-${runId}`;

function metadata(namespace: string, { runId, expiresAt, labels }: Naming) {
  return {
    name: grantName(runId),
    namespace,
    labels: { ...labels, [managedBy.label]: managedBy.value, [runLabel]: runId },
    annotations: { [expiryAnnotation]: expiresAt.toISOString() },
  };
}

export interface Owner {
  uid: string;
}

export function serviceAccount(namespace: string, naming: Naming) {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadata(namespace, naming),
    automountServiceAccountToken: false,
  };
}

// Without blockOwnerDeletion: it would need rights on finalizers. One delete of the account collects its dependents,
// also when this process dies first.
function ownedBy(naming: Naming, owner: Owner) {
  return [{ apiVersion: 'v1', kind: 'ServiceAccount', name: grantName(naming.runId), uid: owner.uid }];
}

export function role(namespace: string, naming: Naming, { owner, pods }: { owner: Owner; pods: string[] }) {
  return {
    apiVersion: grantKinds.Role.apiVersion,
    kind: 'Role',
    metadata: { ...metadata(namespace, naming), ownerReferences: ownedBy(naming, owner) },
    rules: scannerRules(pods),
  };
}

export function roleBinding(namespace: string, naming: Naming, owner: Owner) {
  const name = grantName(naming.runId);
  return {
    apiVersion: grantKinds.RoleBinding.apiVersion,
    kind: 'RoleBinding',
    metadata: { ...metadata(namespace, naming), ownerReferences: ownedBy(naming, owner) },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  };
}

/** Pods of the targets by namespace, each once, in a fixed order. */
export function podsByNamespace(targets: Target[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const { namespace, pod } of targets) found.set(namespace, (found.get(namespace) ?? new Set()).add(pod));
  return new Map([...found].map(([namespace, pods]) => [namespace, [...pods].toSorted()]));
}
