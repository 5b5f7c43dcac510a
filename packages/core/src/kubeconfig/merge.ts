// SPDX-License-Identifier: Apache-2.0
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { type Access, decodeText, parseYaml } from '../request/index.ts';

/** One named entry, not looked into yet, and the folder that its relative paths start from. */
export interface KubeconfigEntry {
  content: unknown;
  folder: string;
}

/** What all files say together. */
export interface Merged {
  currentContext: string | undefined;
  contexts: Map<string, KubeconfigEntry>;
  clusters: Map<string, KubeconfigEntry>;
  users: Map<string, KubeconfigEntry>;
}

const list = z
  .array(z.record(z.string(), z.unknown()))
  .nullish()
  .transform(value => value ?? []);
const document = z.object({
  'current-context': z.string().nullish(),
  contexts: list,
  clusters: list,
  users: list,
});

type Source = { where: string; folder: string; text: string };
type Files = Exclude<Access, { kind: 'in-cluster' }>;

/** The files in their order, or the one text: of entries of one name, and of current contexts, the first counts. */
export function readKubeconfig(access: Files, workspace: string): Merged {
  const merged: Merged = { currentContext: undefined, contexts: new Map(), clusters: new Map(), users: new Map() };
  for (const source of sourcesOf(access, workspace)) add(merged, source);
  return merged;
}

function sourcesOf(access: Files, workspace: string): Source[] {
  switch (access.kind) {
    case 'content':
      return [{ where: 'kubeconfig given as content', folder: workspace, text: access.content.reveal() }];
    case 'file':
      return [toSource(access.path, workspace)];
    case 'list': {
      const found = [...new Set(access.paths)].flatMap(path => toSourceIfThere(path, workspace));
      if (found.length > 0) return found;
      throw new ScanError('KUBECONFIG_INVALID', `KUBECONFIG: none of these files exists: ${access.paths.join(', ')}`);
    }
  }
}

function toSource(path: string, workspace: string): Source {
  const full = resolve(workspace, path);
  try {
    return { where: `kubeconfig ${path}`, folder: dirname(full), text: decodeText(readFileSync(full)) };
  } catch (error) {
    throw new ScanError('KUBECONFIG_INVALID', `kubeconfig ${path}: ${toMessage(error)}`, { cause: error });
  }
}

function toSourceIfThere(path: string, workspace: string): Source[] {
  try {
    return [toSource(path, workspace)];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const cause: unknown = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}

function add(merged: Merged, source: Source): void {
  const read = parseDocument(source);
  merged.currentContext ??= read['current-context'] || undefined;
  addEntries(merged.contexts, toEntries(read.contexts, 'context', source));
  addEntries(merged.clusters, toEntries(read.clusters, 'cluster', source));
  addEntries(merged.users, toEntries(read.users, 'user', source));
}

function addEntries(to: Map<string, KubeconfigEntry>, entries: Map<string, KubeconfigEntry>): void {
  for (const [name, entry] of entries) if (!to.has(name)) to.set(name, entry);
}

function toEntries(
  items: Record<string, unknown>[],
  kind: 'context' | 'cluster' | 'user',
  { folder, where }: Source,
): Map<string, KubeconfigEntry> {
  const found = new Map<string, KubeconfigEntry>();
  for (const item of items) {
    const name = item['name'] ?? '';
    if (typeof name !== 'string')
      throw new ScanError('KUBECONFIG_INVALID', `${where}: the name of a ${kind} is not a text: put it in quotes`);
    if (found.has(name))
      throw new ScanError('KUBECONFIG_INVALID', `${where}: two entries of "${kind}s" have the name "${name}"`);
    found.set(name, { content: item[kind], folder });
  }
  return found;
}

function parseDocument({ text, where }: Source): z.infer<typeof document> {
  const parsed = document.safeParse(parse(text, where) ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ScanError('KUBECONFIG_INVALID', `${where}: ${issue?.path.join('.') || 'it'} is not valid in a kubeconfig`);
}

function parse(text: string, where: string): unknown {
  if (/^(?:\s*(?:#.*)?(?:\n|$))*$/.test(text.replace(/^\uFEFF/, ''))) return undefined; // an empty file says nothing
  try {
    return parseYaml(text, { duplicates: 'last' });
  } catch (error) {
    throw new ScanError('KUBECONFIG_INVALID', `${where}: ${toMessage(error)}`, { cause: error });
  }
}
