// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { withCacheLock } from './cache-lock.ts';
import { runChild } from './child.ts';
import { findRuby, type Ruby } from './find-ruby.ts';
import type { EnginePackage } from './package-archive.ts';
import { ensurePackage, type PackageStore, packagedRuby } from './package-install.ts';

type EngineChoice = 'auto' | 'system' | 'gems' | 'download';

export interface EngineSettings {
  choice: EngineChoice;
  /** Folder of the engine's Ruby files: `bin/engine.rb`, `Gemfile`, `Gemfile.lock`. */
  directory: string;
  /** Where gems are kept from run to run. */
  cacheDirectory: string;
  /** PATH for finding Ruby and Bundler. */
  path: string;
  /** For Bundler alone, when gems are installed: proxies, mirrors and certificates are the user's own business. */
  installEnvironment: Record<string, string | undefined>;
  /** Nothing may be fetched: gems that are not there are an error. */
  offline?: boolean;
  /** Ends an installation with all that it started. */
  signal?: AbortSignal | undefined;
  /** Called before something that takes a while. */
  onNotice?: (text: string) => void;
  /** A package of CINC Auditor to fetch, where none is installed. */
  package?: EnginePackage | undefined;
  /** Where unpacked packages are kept, if not in the cache. */
  store?: PackageStore | undefined;
}

/** A Ruby that can run the engine, and the variables it needs. */
export interface EngineInstall {
  kind: 'system' | 'gems' | 'download';
  command: string;
  /** Of Ruby itself; the program to run follows them. */
  options: string[];
  /** The engine's program. */
  entry: string;
  env: Record<string, string>;
}

export const systemRuby = '/opt/cinc-auditor/embedded/bin/ruby';
/** Else each `require` that fails, one for every describe block, searches the load path for names spelled alike. */
const quickly = '--disable-did_you_mean';

/** Finds the auditor, or installs the locked gems into the cache. */
export async function findEngine(settings: EngineSettings): Promise<EngineInstall> {
  const entry = join(settings.directory, 'bin', 'engine.rb');
  const wanted = settings.choice;
  if ((wanted === 'auto' || wanted === 'system') && existsSync(systemRuby))
    return { kind: 'system', command: systemRuby, options: [quickly], entry, env: {} };
  if (wanted === 'system')
    throw new ScanError('ENGINE_MISSING', `No CINC Auditor package is installed (${systemRuby} does not exist)`);
  if (wanted === 'download' || (wanted === 'auto' && settings.package !== undefined))
    return unpackedEngine(settings, entry);
  const ruby = await findRuby(settings.path, settings.cacheDirectory);
  const gems = await ensureGems(settings, ruby);
  return {
    kind: 'gems',
    command: ruby.command,
    options: [quickly, `-r${setupIn(gems)}`],
    entry,
    env: { ...gemEnv(gems), CINC_SCAN_COMPILED: compiledIn(gems) },
  };
}

async function unpackedEngine(settings: EngineSettings, entry: string): Promise<EngineInstall> {
  const { package: wanted, store, ...rest } = settings;
  if (wanted === undefined)
    throw new ScanError('INPUT_INVALID', 'engine: download needs engine-url and engine-sha256', {
      remedy: 'Choose a package at https://cinc.sh/download and give its address and its SHA-256.',
    });
  const folder = await ensurePackage(wanted, { ...rest, store });
  const { command, env } = packagedRuby(folder);
  return { kind: 'download', command, options: [quickly], entry, env };
}

/** The gems of the lockfile, and no others that lie on this machine. */
function gemEnv(gems: string): Record<string, string> {
  const [abi] = readdirSync(join(gems, 'ruby')); // Bundler makes one folder, of the Ruby that it installs for
  const place = join(gems, 'ruby', abi ?? '');
  return { GEM_HOME: place, GEM_PATH: place };
}

const setupIn = (gems: string) => join(gems, 'setup.rb');
const compiledIn = (gems: string) => join(gems, 'compiled');

/** Those that Ruby itself brings come last: its own are taken where it has them, and none of them slows down a start. */
const setup = `require_relative 'bundler/setup'
$LOAD_PATH.concat(Dir[File.join(__dir__, 'ruby/*/gems/*/lib')].sort - $LOAD_PATH)
`;

/** The folder with the gems of the lockfile for this Ruby; installs them the first time. */
async function ensureGems(settings: EngineSettings, ruby: Ruby): Promise<string> {
  const lock = await readFile(join(settings.directory, 'Gemfile.lock'));
  const key = createHash('sha256')
    .update(lock)
    .update(ruby.signature)
    .update('standalone default, compiled and indexed')
    .digest('hex')
    .slice(0, 16);
  const place = join(settings.cacheDirectory, `gems-${key}`);
  if (existsSync(place)) return place;
  if (settings.offline === true)
    throw new ScanError(
      'ENGINE_MISSING',
      'The gems of the engine are not on this machine, and nothing may be fetched',
      {
        remedy: 'Run `cinc-scan doctor` once without --offline.',
      },
    );
  await mkdir(settings.cacheDirectory, { recursive: true, mode: 0o700 });
  const { signal } = settings;
  // Compiling them once is enough for a machine: others that want them wait.
  await withCacheLock(`${place}.lock`, { patienceMs: 600_000, code: 'ENGINE_MISSING', signal }, async () => {
    if (!existsSync(place)) await installGems(settings, ruby, place);
  });
  return place;
}

async function installGems(settings: EngineSettings, ruby: Ruby, place: string): Promise<void> {
  const { signal } = settings;
  settings.onNotice?.('Installing the engine (CINC Auditor gems, about a minute, once)');
  const fresh = `${place}.new-${randomUUID()}`;
  try {
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    // Standalone: a file that names the folders of the gems, where Bundler itself would take 0.1 s at each start.
    await runChild('bundle', ['install', '--quiet', '--jobs', '4', '--standalone', 'default'], {
      env: { ...settings.installEnvironment, ...bundlerEnv(settings, fresh), PATH: settings.path },
      cwd: settings.directory,
      signal,
    });
    await writeFile(setupIn(fresh), setup, { mode: 0o600 });
    await rename(fresh, place);
    await compile(settings, ruby.command, place);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    signal?.throwIfAborted();
    throw new ScanError('ENGINE_MISSING', `The gems of the engine could not be installed: ${bundlerMessage(error)}`, {
      cause: error,
      remedy: 'Install ruby-dev, build-essential and bundler, and check that RubyGems can be reached.',
    });
  }
}

/** Only where the gems stay: what is compiled knows its own path. Where it fails, Ruby compiles at each start. */
async function compile(settings: EngineSettings, command: string, gems: string): Promise<void> {
  const program = join(settings.directory, 'bin/compile.rb');
  const env = { ...gemEnv(gems), PATH: settings.path, LANG: 'C.UTF-8' };
  const { signal } = settings;
  await runChild(command, [`-r${setupIn(gems)}`, program, compiledIn(gems)], { env, signal }).catch(() => undefined);
}

function bundlerEnv(settings: EngineSettings, gems: string): Record<string, string> {
  return {
    BUNDLE_GEMFILE: join(settings.directory, 'Gemfile'),
    BUNDLE_PATH: gems,
    BUNDLE_FROZEN: 'true',
    BUNDLE_SILENCE_ROOT_WARNING: '1',
  };
}

function bundlerMessage(error: unknown): string {
  const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return output.split('\n').slice(-5).join(' ') || toMessage(error);
}
