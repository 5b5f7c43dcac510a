// SPDX-License-Identifier: Apache-2.0
import { dump } from 'js-yaml';
import * as z from 'zod';
import { ScanError } from '../errors/index.ts';
import { parseYaml, Secret } from '../request/index.ts';

/** A cluster as a kubeconfig names it. */
export type ClusterFields = Record<string, string | boolean>;

export interface KubeconfigUser {
  namespace: string;
  /** Where the ServiceAccount lives. */
  accountNamespace: string;
  pods: string[];
  token: Secret;
}

const written = z.object({
  users: z.array(z.object({ name: z.string(), user: z.object({ token: z.string() }) })),
  contexts: z.array(
    z.object({
      context: z.object({
        namespace: z.string(),
        user: z.string(),
        extensions: z
          .array(
            z.object({
              name: z.literal('cinc-scan.dev/grant'),
              extension: z.object({ run: z.string(), accountNamespace: z.string(), pods: z.array(z.string()) }),
            }),
          )
          .length(1),
      }),
    }),
  ),
});

/** What a kubeconfig that `kubeconfigText` wrote says of its grant. */
export function parseGrantKubeconfig(text: Secret): { runId: string; users: KubeconfigUser[] } {
  let document: unknown;
  try {
    document = parseYaml(text.reveal());
  } catch {
    document = undefined;
  }
  const parsed = written.safeParse(document);
  const [first] = parsed.data?.contexts ?? [];
  if (!parsed.success || first === undefined)
    throw new ScanError('KUBECONFIG_INVALID', 'This is not a kubeconfig that `cinc-scan grant` wrote');
  const { users, contexts } = parsed.data;
  const tokenOf = (name: string) => new Secret(users.find(each => each.name === name)?.user.token ?? '');
  return {
    runId: first.context.extensions[0]?.extension.run ?? '',
    users: contexts.map(({ context }) => ({
      namespace: context.namespace,
      accountNamespace: context.extensions[0]?.extension.accountNamespace ?? context.namespace,
      pods: context.extensions[0]?.extension.pods ?? [],
      token: tokenOf(context.user),
    })),
  };
}

/** One context a namespace, each with the token that is good there; the first is the current one. */
export function kubeconfigText(cluster: ClusterFields, runId: string, users: KubeconfigUser[]): Secret {
  const contextName = (namespace: string) => `cinc-scan-${runId}-${namespace}`;
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster }],
    users: users.map(({ namespace, token }) => ({ name: contextName(namespace), user: { token: token.reveal() } })),
    contexts: users.map(({ namespace, accountNamespace, pods }) => ({
      name: contextName(namespace),
      context: {
        cluster: 'cluster',
        namespace,
        user: contextName(namespace),
        extensions: [{ name: 'cinc-scan.dev/grant', extension: { run: runId, accountNamespace, pods } }],
      },
    })),
    'current-context': contextName(users[0]?.namespace ?? ''),
  };
  return new Secret(dump(document, { lineWidth: -1 }));
}
