// SPDX-License-Identifier: Apache-2.0
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
import { readFileSync } from 'node:fs';
import { ScanError } from '../errors/index.ts';
import { type Environment, readVariable } from '../request/index.ts';
import type { Chosen } from './chosen.ts';
import { clusterEntry, userEntry } from './entries.ts';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The account of the pod this runs in. */
export function inCluster(environment: Environment): Chosen {
  const host = readVariable(environment, 'KUBERNETES_SERVICE_HOST');
  const port = readVariable(environment, 'KUBERNETES_SERVICE_PORT') ?? '443';
  if (host === undefined)
    throw new ScanError('KUBECONFIG_INVALID', 'KUBERNETES_SERVICE_HOST is not set: this is not a pod');
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    name: 'in-cluster',
    namespace: ownNamespace(),
    cluster: { entry: clusterEntry.parse({ server, 'certificate-authority': 'ca.crt' }), folder },
    user: { name: undefined, entry: userEntry.parse({ tokenFile: 'token' }), folder },
  };
}

function ownNamespace(): string | undefined {
  try {
    return readFileSync(`${folder}/namespace`, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
