// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { download } from './download.ts';
import type { ArchiveEntry } from './entries.ts';
import type { Fetching } from './fetching.ts';
import { fetchCommit, resolveRef } from './git.ts';
import { readableFolder } from './linked.ts';
import { type GitSource, type ProfileSource, parseSource } from './source.ts';
import { readArchive, writeEntries } from './unpack.ts';

/** A profile as a folder of this machine. */
export interface FetchedProfile {
  folder: string;
  /** Where the paths in its metadata start; another folder where this one is a copy. */
  base: string;
  /** For a profile that has no name of its own. */
  called: string;
  /** The tree it came with, which paths of its dependencies do not leave; undefined for a folder of the user's own. */
  tree: string | undefined;
  /** Of a git source. */
  commit: string | undefined;
}

/** Brings what a request names to this machine: a profile that came with it, or a source. */
export async function fetchNamed(named: string, fetching: Fetching): Promise<FetchedProfile> {
  const entries = fetching.embedded.get(named);
  if (entries === undefined) return fetchProfile(parseSource(named), named, fetching);
  const tree = { folder: await write(entries, fetching), commit: undefined };
  return { ...(await inTree(tree, { named, folder: undefined })), called: named };
}

/** Brings a source to this machine. Errors name it by the words the user used. */
export async function fetchProfile(source: ProfileSource, named: string, fetching: Fetching): Promise<FetchedProfile> {
  try {
    return await bring(source, named, fetching);
  } catch (error) {
    if (isScanError(error) && !error.message.includes(named))
      throw new ScanError(error.code, `Profile ${named}: ${error.message}`, { cause: error, remedy: error.remedy });
    throw error;
  }
}

async function bring(source: ProfileSource, named: string, fetching: Fetching): Promise<FetchedProfile> {
  switch (source.kind) {
    case 'path':
      return fromPath(resolve(source.path), named, fetching);
    case 'url':
      return inTree(await fromUrl(source.url, source.sha256, { named, fetching }), { named, folder: undefined });
    case 'git':
      return inTree(await fromGit(source, named, fetching), { named, folder: source.folder });
    case 'config-map':
      return inTree(await fromConfigMap(source, named, fetching), { named, folder: undefined });
  }
}

async function fromPath(path: string, named: string, fetching: Fetching): Promise<FetchedProfile> {
  let isFolder: boolean;
  try {
    isFolder = (await lstat(await realpath(path))).isDirectory();
    if (isFolder) await lstat(join(path, 'inspec.yml'));
  } catch (error) {
    throw missing(named, toMessage(error), error);
  }
  if (isFolder)
    return {
      folder: await readableFolder(path, fetching.scratch),
      base: path,
      called: basename(path),
      tree: undefined,
      commit: undefined,
    };
  const bytes = await readFile(path);
  return inTree(
    { folder: await write(await readArchive(bytes), fetching), commit: undefined },
    { named, folder: undefined },
  );
}

const missing = (named: string, why: string, cause?: unknown) =>
  new ScanError('PROFILE_MISSING', `There is no profile at ${named}: ${why}`, { cause });

interface Tree {
  folder: string;
  commit: string | undefined;
}

async function write(entries: ArchiveEntry[], { scratch }: Fetching): Promise<string> {
  const folder = await mkdtemp(join(scratch, 'p'));
  await writeEntries(entries, folder);
  return folder;
}

interface Context {
  named: string;
  fetching: Fetching;
}

/** The same content is the same, wherever it lies: the digest is the key. */
async function fromUrl(url: URL, sha256: string, { named, fetching }: Context): Promise<Tree> {
  const { cache, offline, scratch, credentials, environment, signal } = fetching;
  const key = `sha256:${sha256}`;
  const known = await cache.take(key, scratch);
  if (known !== undefined) return { folder: known.folder, commit: undefined };
  if (offline) throw notHere(named);
  return cache.alone(key, async () => {
    const meanwhile = await cache.take(key, scratch);
    if (meanwhile !== undefined) return { folder: meanwhile.folder, commit: undefined };
    const bytes = await download(url, { authorization: credentials.headerFor(url), environment, signal });
    const is = createHash('sha256').update(bytes).digest('hex');
    if (is !== sha256)
      throw new ScanError('PROFILE_DIGEST', `Profile ${named}: what was fetched has the SHA-256 ${is}`);
    const entries = await readArchive(bytes);
    await cache.keep(key, undefined, folder => writeEntries(entries, folder));
    return { folder: await write(entries, fetching), commit: undefined };
  });
}

/** A commit never changes; what a branch is has to be asked, unless nothing may be asked. */
async function fromGit(source: GitSource, named: string, fetching: Fetching): Promise<Tree> {
  const { cache, offline, scratch, onNotice } = fetching;
  const refKey = `git:${source.remote} ${source.ref ?? 'HEAD'}`;
  if (offline) {
    const known = await cache.take(refKey, scratch);
    if (known === undefined) throw notHere(named);
    onNotice(`Profile ${named}: offline, so commit ${known.commit} as it was fetched last`);
    return { folder: known.folder, commit: known.commit };
  }
  const lock = `git:${source.remote}`;
  return cache.alone(lock, async () => {
    const resolved = await resolveRef(source, fetching);
    const known = await cache.take(commitKey(source, resolved.commit), scratch);
    if (known !== undefined) {
      await cache.note(refKey, { tree: known.tree, commit: resolved.commit });
      return { folder: known.folder, commit: resolved.commit };
    }
    const { commit, tar } = await fetchCommit(source, resolved, fetching);
    const entries = await readArchive(tar);
    const kept = await cache.keep(commitKey(source, commit), commit, folder => writeEntries(entries, folder));
    await cache.note(refKey, kept);
    return { folder: await write(entries, fetching), commit };
  });
}

const commitKey = ({ remote }: GitSource, commit: string) => `git:${remote} ${commit}`;

async function fromConfigMap(
  { namespace, name }: Extract<ProfileSource, { kind: 'config-map' }>,
  named: string,
  fetching: Fetching,
): Promise<Tree> {
  if (fetching.readConfigMap === undefined)
    throw new ScanError('PROFILE_REFUSED', `Profile ${named}: there is no cluster to ask for it here`, {
      remedy: 'Name the folder where the ConfigMap is mounted.',
    });
  return { folder: await write(await fetching.readConfigMap(namespace, name), fetching), commit: undefined };
}

const notHere = (named: string) =>
  new ScanError(
    'PROFILE_OFFLINE',
    `Profile ${named} was never fetched on this machine, and nothing may be fetched now`,
  );

/** The profile in a tree: in the folder that was named, at its top, or in its only folder, as in archives of forges. */
async function inTree(
  { folder: tree, commit }: Tree,
  { named, folder }: { named: string; folder: string | undefined },
): Promise<FetchedProfile> {
  const top = folder === undefined ? await topOf(tree) : join(tree, folder);
  const found = await lstat(join(top, 'inspec.yml')).catch(() => undefined);
  if (found?.isFile() !== true) throw missing(named, 'it has no inspec.yml');
  return { folder: top, base: top, called: toName(folder ?? named), tree, commit };
}

/** The last part of an address, without what says how it is packed. */
const toName = (named: string): string =>
  basename(named.replace(/#.*$/, '').replace(/^configmap:/, '')).replace(/\.(?:git|tar|tgz|tar\.gz|zip)$/, '');

async function topOf(tree: string): Promise<string> {
  const entries = await readdir(tree, { withFileTypes: true });
  const [only] = entries.filter(entry => entry.isDirectory());
  const isPlain = entries.some(entry => entry.name === 'inspec.yml') || only === undefined || entries.length > 1;
  return isPlain ? tree : join(tree, only.name);
}
