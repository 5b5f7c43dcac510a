// SPDX-License-Identifier: Apache-2.0
import { dump } from 'js-yaml';
import { Secret } from '../request/index.ts';

/** A cluster as a kubeconfig names it. */
export type ClusterEntry = Record<string, string | boolean>;

export interface KubeconfigUser {
  namespace: string;
  token: Secret;
}

/** One context a namespace, each with the token that is good there; the first is the current one. */
export function kubeconfigText(cluster: ClusterEntry, runId: string, users: KubeconfigUser[]): Secret {
  const contextName = (namespace: string) => `cinc-scan-${runId}-${namespace}`;
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster }],
    users: users.map(({ namespace, token }) => ({ name: contextName(namespace), user: { token: token.reveal() } })),
    contexts: users.map(({ namespace }) => ({
      name: contextName(namespace),
      context: { cluster: 'cluster', namespace, user: contextName(namespace) },
    })),
    'current-context': contextName(users[0]?.namespace ?? ''),
  };
  return new Secret(dump(document, { lineWidth: -1 }));
}
