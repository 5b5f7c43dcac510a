// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import type { TestCluster } from './cluster.ts';

interface Document {
  clusters: { cluster: Record<string, unknown> }[];
  users: { user: Record<string, unknown> }[];
  contexts: { context: Record<string, unknown> }[];
}

/** The address of the API server, as the kernel sees it: the port too where the kubeconfig leaves it to the scheme. */
export function serverOf(kubeconfig: string): { hostname: string; port: string } {
  const [first] = (load(kubeconfig) as Document).clusters;
  const { hostname, port } = new URL(String(first?.cluster['server']));
  return { hostname, port: port || '443' };
}

/** A kubeconfig like the cluster's own with another user, server or namespace, as a file. */
export function kubeconfigWith(
  cluster: TestCluster,
  name: string,
  { user, server, namespace }: { user?: Record<string, unknown>; server?: Record<string, unknown>; namespace?: string },
): string {
  const document = load(cluster.kubeconfig) as Document;
  for (const each of document.users) if (user !== undefined) each.user = user;
  for (const each of document.clusters) if (server !== undefined) each.cluster = server;
  for (const each of document.contexts) if (namespace !== undefined) each.context['namespace'] = namespace;
  const path = join(cluster.folder, `${name}.kubeconfig`);
  writeFileSync(path, dump(document), { mode: 0o600 });
  return path;
}
