// SPDX-License-Identifier: Apache-2.0
import { type Cluster, missingPermissions, type Permission, permissionText } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { grantKinds, scannerRules, toPermissions } from './objects.ts';

/** What the operator needs in a namespace to make, check and take back a grant on these pods. */
export function operatorPermissions(namespace: string, pods: string[]): Permission[] {
  const own = Object.values(grantKinds).flatMap(({ group, resource }) =>
    ['create', 'get', 'delete'].map(verb => ({ verb, group, resource, namespace })),
  );
  const token: Permission = { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace };
  // Kubernetes lets nobody grant what they do not hold.
  return [...own, token, ...toPermissions(scannerRules(pods), namespace)];
}

/** Throws with every permission the identity lacks, not only the first. */
export async function requirePermissions(cluster: Cluster, wanted: Permission[], who: string): Promise<void> {
  const missing = await missingPermissions(cluster, wanted);
  if (missing.length === 0) return;
  const lines = missing.map(permissionText).join('; ');
  throw new ScanError('CLUSTER_FORBIDDEN', `${who} may not: ${lines}`, {
    remedy: `Give it this Role, or ask for it:\n${roleText(missing)}`,
  });
}

/** The permissions as the rules of a Role, ready for `kubectl apply`. */
export function roleText(permissions: Permission[]): string {
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
