// SPDX-License-Identifier: Apache-2.0
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { CORE_SCHEMA, dump } from 'js-yaml';
import type { LockedDependency } from '../engine/index.ts';
import { ScanError, toMessage } from '../errors/index.ts';
import { parseYaml } from '../request/index.ts';
import { digestTree } from './digest.ts';
import type { GatheredProfile } from './prepare.ts';

/** Where copies of dependencies lie in a packed profile. */
const folderName = 'depends';

/**
 * Writes a profile with all it depends on as one folder that needs nothing else. Dependencies become paths, which every
 * auditor reads; where they came from stands in depends/sources.json.
 */
export async function writeVendored({ ref, fetched, depends }: GatheredProfile, into: string): Promise<void> {
  await requireEmpty(into);
  try {
    const copies = new Map<string, string>();
    await copyProfile(fetched.folder, into);
    await link(into, depends, { into, copies });
    if (copies.size === 0) return;
    const sources = `${JSON.stringify({ profile: ref.source, commit: ref.commit ?? null, dependencies: ref.dependencies }, null, 2)}\n`;
    await writeFile(join(into, folderName, 'sources.json'), sources);
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error;
  }
}

async function requireEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    throw new ScanError('OUTPUT_UNWRITABLE', `${folder} cannot be made: ${toMessage(error)}`, { cause: error });
  }
  throw new ScanError('OUTPUT_UNWRITABLE', `${folder} is not empty`, {
    remedy: 'Name a folder that is not there yet.',
  });
}

// What another tool packed is replaced by what was fetched; the history of the profile is no part of it.
const leftOut = new Set(['.git', 'vendor', 'inspec.lock', folderName]);

async function copyProfile(from: string, to: string): Promise<void> {
  const isPart = (path: string) => relative(from, path).includes(sep) || !leftOut.has(basename(path)) || path === from;
  await cp(from, to, { recursive: true, dereference: true, filter: isPart });
}

interface Copies {
  into: string;
  /** Copies of dependencies by the digest of what was copied. */
  copies: Map<string, string>;
}

/** Rewrites what a copied profile depends on to the copies, and makes those. */
async function link(profile: string, depends: LockedDependency[], state: Copies): Promise<void> {
  if (depends.length === 0) return;
  const entries: Record<string, unknown>[] = [];
  for (const dependency of depends) {
    const path = relative(profile, await copyOf(dependency, state))
      .split(sep)
      .join('/');
    const { name, version_constraints: version } = dependency;
    entries.push({ name, path, ...(version.length > 0 && { version }) });
  }
  const file = join(profile, 'inspec.yml');
  await writeFile(file, rewritten(await readFile(file, 'utf8'), entries, file));
}

async function copyOf(dependency: LockedDependency, state: Copies): Promise<string> {
  const from = dependency.resolved_source.path;
  const digest = await digestTree(from);
  const known = state.copies.get(digest);
  if (known !== undefined) return known;
  const safe = dependency.name.replaceAll(/[^\w.-]/g, '-').replace(/^\.+/, '-');
  const copy = join(state.into, folderName, `${safe}-${digest.slice(0, 12)}`);
  state.copies.set(digest, copy);
  await copyProfile(from, copy);
  await link(copy, dependency.dependencies, state);
  return copy;
}

function rewritten(text: string, depends: Record<string, unknown>[], file: string): string {
  const document = text.includes('<%') ? undefined : parseMetadata(text, file);
  if (typeof document !== 'object' || document === null)
    throw new ScanError('PROFILE_INVALID', `${file} is a template, whose dependencies cannot be rewritten`);
  return dump({ ...document, depends }, { schema: CORE_SCHEMA, lineWidth: -1 });
}

/** The auditor read it, by another parser, which takes what this one does not. */
function parseMetadata(text: string, file: string): unknown {
  try {
    return parseYaml(text, { duplicates: 'last' });
  } catch (error) {
    throw new ScanError('PROFILE_INVALID', `${file}: ${toMessage(error)}`, { cause: error });
  }
}
