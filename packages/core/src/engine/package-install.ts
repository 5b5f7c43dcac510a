// SPDX-License-Identifier: Apache-2.0
// A package of CINC Auditor without installing it: unpacked into a folder, and run from there.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { runChild } from './child.ts';
import { checkPackage, type EnginePackage, fetchPackage, versionOf } from './package-archive.ts';

/** An unpacked package, by what it is: the digest tells two builds of one version apart. */
export interface PackageKey {
  name: string;
  /** A semantic version, the digest in its last part. */
  version: string;
  arch: string;
}

/** Where unpacked packages are kept from run to run. */
export interface PackageStore {
  find: (key: PackageKey) => string | undefined;
  /** Moves or copies the folder there; gives the place. */
  keep: (key: PackageKey, folder: string) => Promise<string>;
}

export interface PackageSettings {
  cacheDirectory: string;
  store: PackageStore | undefined;
  installEnvironment: Record<string, string | undefined>;
  path: string;
  /** Nothing may be fetched: a package that is not there is an error. */
  offline?: boolean;
  /** Ends the unpacking. */
  signal?: AbortSignal | undefined;
  onNotice?: (text: string) => void;
}

/** The folder of the unpacked package; fetched, checked and unpacked the first time. */
export async function ensurePackage(wanted: EnginePackage, settings: PackageSettings): Promise<string> {
  checkPackage(wanted);
  const store = settings.store ?? folderStore(settings.cacheDirectory);
  const key = toKey(wanted);
  const known = store.find(key);
  if (known !== undefined) return known;
  if (settings.offline === true)
    throw new ScanError(
      'ENGINE_MISSING',
      'The package of the engine is not on this machine, and nothing may be fetched',
      {
        remedy: 'Run `cinc-scan doctor` once without --offline.',
      },
    );
  settings.onNotice?.(`Fetching the engine (CINC Auditor ${versionOf(wanted)}), once`);
  await mkdir(settings.cacheDirectory, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(join(settings.cacheDirectory, 'package-'));
  try {
    const archive = await fetchPackage(wanted, join(draft, 'archive'), settings.installEnvironment);
    const content = join(draft, 'content');
    await unpack(archive, content, settings);
    rubyIn(content); // what has none is not kept
    return await store.keep(key, content);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const toKey = (wanted: EnginePackage): PackageKey => ({
  name: 'cinc-auditor',
  version: `${versionOf(wanted)}-s${wanted.sha256.toLowerCase().slice(0, 16)}`,
  arch: arch(),
});

/** Folders side by side; a whole one appears at once. */
function folderStore(directory: string): PackageStore {
  const placeOf = ({ name, version, arch: processor }: PackageKey) =>
    join(directory, `${name}-${version}-${processor}`);
  return {
    find: key => (existsSync(placeOf(key)) ? placeOf(key) : undefined),
    async keep(key, folder) {
      const place = placeOf(key);
      await rename(folder, place).catch((error: unknown) => {
        if (!existsSync(place)) throw error; // otherwise another process was faster
      });
      return place;
    },
  };
}

async function unpack(
  archive: string,
  folder: string,
  { path, signal }: Pick<PackageSettings, 'path' | 'signal'>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const isDebian = archive.endsWith('.deb');
  const args = isDebian
    ? ['--extract', archive, folder]
    : ['--extract', '--gzip', '--no-same-owner', '--file', archive, '--directory', folder];
  try {
    await runChild(isDebian ? 'dpkg-deb' : 'tar', args, { env: { PATH: path }, signal });
  } catch (error) {
    throw new ScanError('ENGINE_MISSING', `The package of the engine cannot be unpacked: ${toMessage(error)}`, {
      cause: error,
      remedy: 'A .deb needs dpkg-deb, a .tar.gz needs tar and gzip; or install the package and choose engine: system.',
    });
  }
}

function rubyIn(folder: string): string {
  const places = ['opt/cinc-auditor/embedded/bin/ruby', 'cinc-auditor/embedded/bin/ruby', 'embedded/bin/ruby'];
  const found = places.map(place => join(folder, place)).find(place => existsSync(place));
  if (found !== undefined) return found;
  throw new ScanError('ENGINE_MISSING', 'The package is not CINC Auditor: it has no embedded/bin/ruby');
}

/** How to run the Ruby of an unpacked package. It was built for /opt/cinc-auditor, so that it is told where all is. */
export function packagedRuby(folder: string): { command: string; env: Record<string, string> } {
  const command = rubyIn(folder);
  const lib = join(dirname(dirname(command)), 'lib');
  const abi = namesIn(join(lib, 'ruby')).find(name => /^\d+\.\d+\.\d+$/.test(name)) ?? '';
  const standard = join(lib, 'ruby', abi);
  const native = namesIn(standard).find(name => existsSync(join(standard, name, 'rbconfig.rb'))) ?? '';
  const gems = join(lib, 'ruby/gems', abi);
  return {
    command,
    env: {
      LD_LIBRARY_PATH: lib,
      RUBYLIB: [standard, join(standard, native)].join(':'),
      GEM_HOME: gems,
      GEM_PATH: gems,
    },
  };
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}
