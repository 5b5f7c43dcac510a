// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Permission } from '../cluster/index.ts';
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

export const objectText = ({ kind, namespace, name }: GrantObject): string => `${kind} ${namespace}/${name}`;

export function pathOf({ kind, namespace, name }: GrantObject): string {
  const { base, resource } = grantKinds[kind];
  return apiPath(base, 'namespaces', namespace, resource, name);
}

export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  /** Absent: every name. */
  resourceNames?: string[];
}

/** `patch` is what adds a debug container; waiting for it polls `get pods`, so that no `list` or `watch` is needed. */
export const debugRule: Rule = { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] };

/**
 * Exactly what the exec lens needs, on exactly these pods. Exec over WebSocket is a GET, authorized as `get`; servers
 * since about 1.35 ask for `create` as well. Pods that turned out to have no shell get the debug rule in addition.
 */
export function scannerRules(pods: string[], debugged: string[] = []): Rule[] {
  return [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: pods },
    { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'], resourceNames: pods },
    ...(debugged.length > 0 ? [{ ...debugRule, resourceNames: debugged }] : []),
  ];
}

/** The rules as questions to the authorizer. */
export function toPermissions(rules: Rule[], namespace: string): Permission[] {
  return rules.flatMap(({ resources, verbs, resourceNames = [] }) =>
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

/** What the objects of one grant have in common. */
export interface GrantNaming {
  runId: string;
  /** When nobody can need the grant any more: `sweep` deletes it from then on. */
  expiresAt: Date;
  labels: Record<string, string>;
  /** Where the ServiceAccounts live, if not beside the pods. */
  accountNamespace: string | undefined;
}

export const grantName = (runId: string) => `cinc-scan-${runId}`;

function metadata(namespace: string, { runId, expiresAt, labels }: GrantNaming) {
  return {
    name: grantName(runId),
    namespace,
    labels: { ...labels, [managedBy.label]: managedBy.value, [runLabel]: runId },
    annotations: { [expiryAnnotation]: expiresAt.toISOString() },
  };
}

/** The account that owns the other objects of its namespace; undefined where it lives in another one. */
export interface OwningAccount {
  uid: string;
}

export function serviceAccount(namespace: string, naming: GrantNaming) {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadata(namespace, naming),
    automountServiceAccountToken: false,
  };
}

// Without blockOwnerDeletion: it would need rights on finalizers. One delete of the account collects its dependents,
// also when this process dies first. An owner in another namespace counts as missing, and its dependents are deleted.
function ownedMetadata(namespace: string, naming: GrantNaming, owner: OwningAccount | undefined) {
  const own = metadata(namespace, naming);
  if (owner === undefined) return own;
  return { ...own, ownerReferences: [{ apiVersion: 'v1', kind: 'ServiceAccount', name: own.name, uid: owner.uid }] };
}

export function role(
  namespace: string,
  naming: GrantNaming,
  { owner, pods }: { owner: OwningAccount | undefined; pods: string[] },
) {
  return {
    apiVersion: grantKinds.Role.apiVersion,
    kind: 'Role',
    metadata: ownedMetadata(namespace, naming, owner),
    rules: scannerRules(pods),
  };
}

export function roleBinding(namespace: string, naming: GrantNaming, owner: OwningAccount | undefined) {
  const name = grantName(naming.runId);
  return {
    apiVersion: grantKinds.RoleBinding.apiVersion,
    kind: 'RoleBinding',
    metadata: ownedMetadata(namespace, naming, owner),
    subjects: [{ kind: 'ServiceAccount', name, namespace: naming.accountNamespace ?? namespace }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  };
}

/** Pods of the targets by namespace, each once, in a fixed order. */
export function podsByNamespace(targets: Target[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const { namespace, pod } of targets) found.set(namespace, (found.get(namespace) ?? new Set()).add(pod));
  return new Map([...found].map(([namespace, pods]) => [namespace, [...pods].toSorted()]));
}
