// SPDX-License-Identifier: Apache-2.0
import { type Cluster, missingPermissions, type Permission, permissionText } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { parseSelector, type Selector, workloadKinds } from '../plan/index.ts';
import { debugRule, type GrantKind, grantKinds, type Rule, scannerRules, toPermissions } from './objects.ts';

export interface GrantScope {
  namespace: string;
  /** Pods by name; none stands for any. */
  pods: string[];
  accountNamespace?: string | undefined;
}

/** What the operator needs in a namespace to make, check and take back a grant on these pods. */
export function operatorPermissions({ namespace, pods, accountNamespace = namespace }: GrantScope): Permission[] {
  const own = (kind: GrantKind, where: string): Permission[] =>
    ['create', 'get', 'delete'].map(verb => ({
      verb,
      group: grantKinds[kind].group,
      resource: grantKinds[kind].resource,
      namespace: where,
    }));
  return [
    ...own('ServiceAccount', accountNamespace),
    { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace: accountNamespace },
    ...own('Role', namespace),
    ...own('RoleBinding', namespace),
    // Kubernetes lets nobody grant what they do not hold.
    ...toPermissions(scannerRules(pods), namespace),
  ];
}

/** What the operator needs in addition to let its scanner add a debug container to a pod. */
export function debugPermissions({ namespace, pod, role }: Record<'namespace' | 'pod' | 'role', string>): Permission[] {
  const { group, resource } = grantKinds.Role;
  return [
    { verb: 'patch', group, resource, namespace, name: role },
    ...toPermissions([{ ...debugRule, resourceNames: [pod] }], namespace),
  ];
}

/** What finding these selectors' targets takes, beside what a grant takes. */
export function planPermissions(namespace: string, selectors: readonly Selector[]): Permission[] {
  const kinds = new Set(selectors.flatMap(each => (each.kind === 'workload' ? [each.workload] : [])));
  return [
    { verb: 'list', group: '', resource: 'pods', namespace },
    ...[...kinds].map(kind => {
      const { group, resource } = workloadKinds[kind];
      return { verb: 'get', group, resource, namespace };
    }),
  ];
}

/** What scans of these selectors' targets need with a grant of their own, whatever the pods are called. */
export function scanPermissions(
  { namespace, accountNamespace }: Omit<GrantScope, 'pods'>,
  selectors: readonly Selector[] = anySelector,
): Permission[] {
  const granting = operatorPermissions({ namespace, pods: ['any'], accountNamespace });
  return [...granting.map(({ name: _, ...permission }) => permission), ...planPermissions(namespace, selectors)];
}

/** For a scan of any kind of workload. */
export const anySelector: readonly Selector[] = Object.keys(workloadKinds).map(kind => parseSelector(`${kind}/any`));

/** All that `scan`, `grant`, `revoke` and `sweep` can ever ask for in a namespace, for a Role of its own. */
export function operatorRules(): Rule[] {
  const rbac = ['rbac.authorization.k8s.io'];
  return [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'], verbs: ['get'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
    { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['create', 'delete', 'get', 'list'] },
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
    { apiGroups: rbac, resources: ['roles'], verbs: ['create', 'delete', 'get', 'list', 'patch'] },
    { apiGroups: rbac, resources: ['rolebindings'], verbs: ['create', 'delete', 'get', 'list'] },
    // Held only to be granted: Kubernetes lets nobody grant what they do not hold.
    { apiGroups: [''], resources: ['pods/exec'], verbs: ['create', 'get'] },
    { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['patch'] },
  ];
}

/** Throws with every permission the identity lacks, not only the first. */
export async function requirePermissions(cluster: Cluster, wanted: Permission[], who: string): Promise<void> {
  const missing = await missingPermissions(cluster, wanted);
  if (missing.length > 0) throw lackOf(missing, who);
}

/** What it means that permissions are missing. */
export const lackOf = (missing: Permission[], who: string): ScanError =>
  new ScanError('CLUSTER_FORBIDDEN', `${who} may not: ${missing.map(permissionText).join('; ')}`, {
    remedy: `Give it this Role, or ask for it:\n${roleText(missing)}`,
  });

/** The permissions as the rules of a Role, ready for `kubectl apply`. */
function roleText(permissions: Permission[]): string {
  const rules = new Map<string, { group: string; resource: string; names: Set<string>; verbs: Set<string> }>();
  for (const { group, resource, subresource, verb, name } of permissions) {
    const path = [resource, subresource].filter(Boolean).join('/');
    const key = `${group} ${path} ${name === undefined ? '' : 'named'}`;
    const rule = rules.get(key) ?? { group, resource: path, names: new Set(), verbs: new Set() };
    if (name !== undefined) rule.names.add(name);
    rule.verbs.add(verb);
    rules.set(key, rule);
  }
  const lines = [...rules.values()].map(({ group, resource, names, verbs }) => {
    const named = names.size > 0 ? `, resourceNames: [${[...names].join(', ')}]` : '';
    return `- {apiGroups: ["${group}"], resources: [${resource}], verbs: [${[...verbs].join(', ')}]${named}}`;
  });
  return ['rules:', ...lines].join('\n');
}
