// SPDX-License-Identifier: Apache-2.0
import type { z } from 'zod';
import { ScanError } from '../errors/index.ts';
import type { Chosen } from './chosen.ts';
import { clusterEntry, contextEntry, userEntry } from './entries.ts';
import type { KubeconfigEntry, Merged } from './merge.ts';
import { invalid } from './server.ts';

/** The context of that name, else the current one, with its cluster and its user. */
export function choose(merged: Merged, name: string | undefined): Chosen {
  const wanted = name ?? merged.currentContext;
  if (wanted === undefined) throw noContext('The kubeconfig selects no context', merged);
  const context = merged.contexts.get(wanted);
  if (context === undefined) throw noContext(`The kubeconfig has no context "${wanted}"`, merged);
  const { cluster, user, namespace } = parse(contextEntry, context, `context "${wanted}"`);
  return {
    name: wanted,
    namespace,
    cluster: clusterOf(merged, cluster, wanted),
    user: userOf(merged, user, wanted),
  };
}

const noContext = (why: string, { contexts }: Merged) =>
  new ScanError('KUBECONFIG_INVALID', `${why}; it has: ${namesOf(contexts)}`);

function clusterOf(merged: Merged, name: string | undefined, context: string): Chosen['cluster'] {
  const found = name === undefined ? undefined : merged.clusters.get(name);
  if (name === undefined) throw invalid(`context "${context}" names no cluster`);
  if (found === undefined)
    throw invalid(`context "${context}" names the cluster "${name}", which is not one of: ${namesOf(merged.clusters)}`);
  return { entry: parse(clusterEntry, found, `cluster "${name}"`), folder: found.folder };
}

// kubectl sends such requests without any credentials: nobody wants that, and its answers are hard to understand.
function userOf(merged: Merged, name: string | undefined, context: string): Chosen['user'] {
  if (name === undefined) return { name, entry: userEntry.parse({}), folder: '.' };
  const found = merged.users.get(name);
  if (found === undefined)
    throw invalid(`context "${context}" names the user "${name}", which is not one of: ${namesOf(merged.users)}`);
  return { name, entry: parse(userEntry, found, `user "${name}"`), folder: found.folder };
}

/** Says which field is wrong, and not what stands in it: that may be a secret in the wrong place. */
function parse<T>(schema: z.ZodType<T>, { content }: KubeconfigEntry, what: string): T {
  const parsed = schema.safeParse(content ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${what}: ${issue?.path.join('.') || 'it'} is not valid (${wordsOf(issue)})`);
}

function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return `expected ${issue.expected}`;
  if (issue?.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`;
  return 'see the reference of kubeconfig files';
}

const namesOf = (entries: Map<string, KubeconfigEntry>) => [...entries.keys()].filter(Boolean).join(', ') || 'none';
