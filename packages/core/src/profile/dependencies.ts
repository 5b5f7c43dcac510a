// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, resolve, sep } from 'node:path';
import * as z from 'zod';
import type { LockedDependency } from '../engine/index.ts';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { parseJsonText } from '../request/index.ts';
import { digestTree } from './digest.ts';
import { type FetchedProfile, fetchProfile } from './fetch.ts';
import type { Fetching } from './fetching.ts';
import { type Pins, pinsOf } from './pins.ts';
import type { DependencyRef } from './profile-ref.ts';
import { type GitSource, type ProfileSource, parseSha256, showSource, toGitSource } from './source.ts';

export interface Dependencies {
  /** For the engine: a tree, as profiles declare it. */
  locked: LockedDependency[];
  /** For people: each once. */
  refs: DependencyRef[];
}

/** Fetches with what, and how the metadata of a profile is read. */
export interface Resolving {
  fetching: Fetching;
  readDepends: (folder: string) => Promise<string>;
}

const mostDepth = 20;
const mostDependencies = 200;

const text = z.union([z.string(), z.number()]).transform(String).nullish();
const declared = z.object({
  name: text,
  path: text,
  url: text,
  sha256: text,
  git: text,
  branch: text,
  tag: text,
  ref: text,
  commit: text,
  relative_path: text,
  version: z.union([z.string(), z.number().transform(String), z.array(z.string())]).nullish(),
});
type Declared = z.infer<typeof declared>;
const metadata = z.object({ name: z.string(), depends: z.array(declared) });

/** Brings all that a profile depends on to this machine, and all that those depend on. */
export async function fetchDependencies(
  top: FetchedProfile,
  named: string,
  resolving: Resolving,
): Promise<Dependencies> {
  const refs = new Map<string, DependencyRef>();
  const locked = await resolveBelow({ at: top, named, path: [await realpath(top.base)] }, refs, resolving);
  return { locked, refs: [...refs.values()] };
}

interface Dependent {
  at: FetchedProfile;
  /** Of the profile, for errors. */
  named: string;
  /** Folders of the profiles above, itself included. */
  path: string[];
}

async function resolveBelow(
  place: Dependent,
  refs: Map<string, DependencyRef>,
  resolving: Resolving,
): Promise<LockedDependency[]> {
  const wanted = await readDeclared(place, resolving);
  const pins = wanted.length === 0 ? undefined : await pinsOf(place.at.folder);
  const found: LockedDependency[] = [];
  const given = wanted.flatMap(({ name }) => name ?? []);
  const twice = given.find((name, at) => given.indexOf(name) !== at); // known before anything is fetched
  if (twice !== undefined) throw invalid(place, `the dependency ${twice} is listed twice`);
  for (const one of wanted) {
    if (refs.size > mostDependencies) throw invalid(place, `it depends on more than ${mostDependencies} profiles`);
    const { name, ...resolved } = await resolveOne(place, one, { refs, resolving, pins });
    if (found.some(other => other.name === name)) throw invalid(place, `the dependency ${name} is listed twice`);
    found.push({ name, ...resolved });
  }
  return found;
}

async function readDeclared(place: Dependent, resolving: Resolving): Promise<Declared[]> {
  const source = await readFile(join(place.at.folder, 'inspec.yml'), 'utf8');
  if (!/depends|<%/.test(source)) return []; // saves a process
  return (await readMetadata(place, resolving)).depends;
}

async function readMetadata(
  { at, named }: Pick<Dependent, 'at' | 'named'>,
  { readDepends }: Resolving,
): Promise<z.infer<typeof metadata>> {
  try {
    const parsed = metadata.safeParse(parseJsonText(await readDepends(at.folder)));
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!isScanError(error) || error.code !== 'ENGINE_FAILED') throw error;
    throw new ScanError('PROFILE_INVALID', `Profile ${named} cannot be read: ${toMessage(error)}`, { cause: error });
  }
  throw new ScanError(
    'PROFILE_INVALID',
    `Profile ${named}: depends is not a list of profiles with a name and a source`,
  );
}

interface Known {
  refs: Map<string, DependencyRef>;
  resolving: Resolving;
  pins: Pins | undefined;
}

async function resolveOne(
  place: Dependent,
  wanted: Declared,
  { refs, resolving, pins }: Known,
): Promise<LockedDependency> {
  const named = `${nameIn(wanted)} (dependency of ${place.named})`;
  const source = await toSource(place, wanted, { named, pins });
  const fetched = await fetchProfile(source, named, resolving.fetching);
  const at = { ...fetched, tree: fetched.tree ?? (source.kind === 'path' ? place.at.tree : undefined) };
  const [folder, base] = [await realpath(at.folder), await realpath(at.base)];
  if (place.path.includes(base)) throw invalid(place, `it depends on itself, by way of ${nameIn(wanted)}`);
  if (place.path.length > mostDepth) throw invalid(place, `its dependencies are more than ${mostDepth} deep`);
  const { commit } = fetched;
  const name = wanted.name || (await ownName({ at, named }, resolving));
  const ref = {
    name,
    source: wanted.path ?? shownSource(source),
    sha256: await digestTree(folder),
    commit,
  };
  refs.set(JSON.stringify([ref.name, ref.source, ref.sha256]), ref);
  return {
    name,
    version_constraints: [wanted.version ?? []].flat(),
    resolved_source: { path: folder },
    dependencies: await resolveBelow({ at, named: name, path: [...place.path, base] }, refs, resolving),
  };
}

/** For errors: a dependency without a name is told by where it comes from. */
const nameIn = ({ name, path, url, git }: Declared): string => name || (path ?? url ?? git ?? 'a dependency');

/** As the auditor calls a dependency that is given no name. */
async function ownName(place: Pick<Dependent, 'at' | 'named'>, resolving: Resolving): Promise<string> {
  return (await readMetadata(place, resolving)).name || place.at.called;
}

const invalid = ({ named }: Dependent, why: string) => new ScanError('PROFILE_INVALID', `Profile ${named}: ${why}`);

function shownSource(source: ProfileSource): string {
  switch (source.kind) {
    case 'path':
      return source.path;
    case 'url':
      return `${source.url.href}#sha256=${source.sha256}`;
    case 'git':
      return showSource(gitText(source));
    case 'config-map':
      return `configmap:${source.name}`;
  }
}

function gitText({ remote, ref, folder }: GitSource): string {
  const parts = [...(ref === undefined ? [] : [`ref=${ref}`]), ...(folder === undefined ? [] : [`path=${folder}`])];
  return `git+${remote}${parts.length === 0 ? '' : `#${parts.join('&')}`}`;
}

interface DependencyNaming {
  named: string;
  pins: Pins | undefined;
}

/** Where a dependency comes from; what came from elsewhere itself does not reach into this machine. */
async function toSource(place: Dependent, wanted: Declared, naming: DependencyNaming): Promise<ProfileSource> {
  const vendored = naming.pins?.vendored(wanted);
  if (vendored !== undefined) return { kind: 'path', path: vendored };
  if (typeof wanted.path === 'string') return { kind: 'path', path: await pathOf(place, wanted.path, naming.named) };
  if (typeof wanted.git === 'string') return gitSource(place, { ...wanted, git: wanted.git }, naming.named);
  if (typeof wanted.url === 'string') return urlSource(wanted, wanted.url, naming);
  throw new ScanError(
    'PROFILE_REFUSED',
    `Profile ${naming.named}: a dependency is fetched from a path, a url or a git repository here`,
    {
      remedy:
        'Name one of these in inspec.yml, or pack the profile with `inspec vendor` where its source can be reached.',
    },
  );
}

async function pathOf({ at }: Dependent, path: string, named: string): Promise<string> {
  if (at.tree === undefined) return resolve(at.base, path);
  const [tree, target] = await Promise.all(
    [at.tree, resolve(at.base, path)].map(each => realpath(each).catch(() => '')),
  );
  if (isAbsolute(path) || tree === undefined || target === undefined || !`${target}${sep}`.startsWith(`${tree}${sep}`))
    throw new ScanError(
      'PROFILE_REFUSED',
      `Profile ${named}: its path ${JSON.stringify(path)} leads out of what was fetched`,
    );
  return target;
}

function gitSource({ at }: Dependent, { git, ...wanted }: Declared & { git: string }, named: string): GitSource {
  const local = !/^[a-z+]+:\/\/|^[\w.-]+@[\w.-]+:/i.test(git);
  const remote = local && existsSync(resolve(at.base, git)) ? `file://${resolve(at.base, git)}` : git;
  const ref = wanted.commit ?? wanted.ref ?? wanted.tag ?? wanted.branch ?? undefined;
  const source = toGitSource({ remote, ref, folder: wanted.relative_path ?? undefined }, named);
  if (source.transport === 'file' && at.tree !== undefined)
    throw new ScanError(
      'PROFILE_REFUSED',
      `Profile ${named}: what was fetched does not read repositories of this machine`,
    );
  return source;
}

function urlSource(wanted: Declared, url: string, { named, pins }: DependencyNaming): ProfileSource {
  const repository = /^https:\/\/(?:www\.)?github\.com\/[\w.-]+\/[\w.-]+?(?:\.git)?(?:\/tree\/([^/?#]+))?\/?$/.exec(
    url,
  );
  if (repository !== null)
    // The page of a repository, which InSpec takes for the repository itself.
    return toGitSource({ remote: url.replace(/\/tree\/.*$|\/$/, ''), ref: repository[1], folder: undefined }, named);
  const sha256 = wanted.sha256 ?? pins?.sha256(wanted, url);
  if (!/^https:/i.test(url) || !URL.canParse(url) || new URL(url).username !== '')
    throw new ScanError(
      'PROFILE_REFUSED',
      `Profile ${named}: ${showSource(url)} is not an https address without credentials`,
    );
  if (sha256 === undefined)
    throw new ScanError('PROFILE_UNPINNED', `Profile ${named}: ${url} is not pinned to a digest`);
  return { kind: 'url', url: new URL(url), sha256: parseSha256(sha256, named) };
}
