// SPDX-License-Identifier: Apache-2.0
import { type Cluster, isAllowed, type Permission, permissionText } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { type Rule, toPermissions } from './objects.ts';

const settleMs = 10_000;

/** Asks the cluster, as the scanner, whether the identity is what was wanted: each right it needs, none of these others. */
export async function checkScanner(scanner: Cluster, namespace: string, rules: Rule[]): Promise<void> {
  // Authorizers learn of new bindings from a watch, some tens of milliseconds later.
  const until = Date.now() + settleMs;
  await Promise.all(toPermissions(rules, namespace).map(permission => untilAllowed(scanner, permission, until)));
  const excess = await Promise.all(
    forbidden(namespace).map(async permission =>
      (await isAllowed(scanner, permission)) ? permissionText(permission) : undefined,
    ),
  );
  const found = excess.filter(each => each !== undefined);
  if (found.length > 0) throw new ScanError('GRANT_TOO_WIDE', `The grant may also ${found.join('; ')}`);
}

async function untilAllowed(scanner: Cluster, permission: Permission, until: number): Promise<void> {
  while (!(await isAllowed(scanner, permission))) {
    if (Date.now() > until)
      throw new ScanError(
        'GRANT_FAILED',
        `The grant does not take effect: the scanner may not ${permissionText(permission)}`,
      );
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

function forbidden(namespace: string): Permission[] {
  const elsewhere = 'cinc-scan-no-such-pod';
  return [
    { verb: 'get', group: '', resource: 'pods', subresource: 'exec', namespace, name: elsewhere },
    { verb: 'create', group: '', resource: 'pods', subresource: 'exec', namespace, name: elsewhere },
    { verb: 'create', group: '', resource: 'pods', namespace },
    { verb: 'list', group: '', resource: 'secrets', namespace },
  ];
}
