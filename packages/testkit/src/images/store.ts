// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { apply, digest, exists, pack } from './build.ts';
import { isMissingFile, runTool, ToolMissing } from './command.ts';
import { hashLensHelper } from './lens-helper.ts';
import { withLock } from './lock.ts';
import type { Entry, Recipe } from './recipe.ts';
import { recipes } from './recipes/index.ts';
import { isOfService, serviceRecipes } from './recipes/service.ts';

export interface ImageConfig {
  uid: number;
  gid: number;
  command: string[];
  /** `sha256:` and the hash of the root file system's tar. */
  digest: string;
}

/** Root file systems built from recipes and kept; `rootfs` and `config` answer for what `ensure` has made. */
export interface ImageStore {
  names(): string[];
  ensure(names?: string[]): Promise<void>;
  rootfs(name: string): string | undefined;
  config(name: string): ImageConfig | undefined;
  /** The path of a tar of the root file system, for loading into another cluster. */
  tar(name: string): Promise<string>;
}

interface Built {
  folder: string;
  config: ImageConfig;
}

/** Raised when the way of building changes the result of an unchanged recipe. */
const buildVersion = 2;

function defaultCache(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(base, 'cinc-scan', 'images');
}

export async function openImageStore(cacheDir: string = defaultCache()): Promise<ImageStore> {
  await mkdir(cacheDir, { recursive: true });
  const built = new Map<string, Promise<Built>>();
  const ready = new Map<string, Built>();

  async function make(recipe: Recipe): Promise<Built> {
    const base = recipe.base === undefined ? undefined : await obtain(recipe.base);
    const result = await buildOnce(cacheDir, recipe, base);
    ready.set(recipe.name, result);
    return result;
  }

  async function obtain(name: string): Promise<Built> {
    const running = built.get(name);
    if (running !== undefined) {
      return running;
    }
    const started = findRecipe(name).then(make);
    built.set(name, started);
    started.catch(() => built.delete(name));
    return started;
  }

  return {
    names: () => recipes.map(recipe => recipe.name),
    async ensure(names = recipes.map(recipe => recipe.name)) {
      await Promise.all(names.map(obtain));
    },
    rootfs(name) {
      const folder = ready.get(name)?.folder;
      return folder === undefined ? undefined : join(folder, 'rootfs');
    },
    config: name => ready.get(name)?.config,
    tar: async name => packOnce((await obtain(name)).folder),
  };
}

/** The images of the service among them, which are large: whoever wants one names it. */
async function findRecipe(name: string): Promise<Recipe> {
  const others = isOfService(name) ? await serviceRecipes() : [];
  const recipe = [...recipes, ...others].find(candidate => candidate.name === name);
  if (recipe === undefined) {
    throw new Error(`No recipe for the image "${name}"; there are ${recipes.map(known => known.name).join(', ')}`);
  }
  return recipe;
}

async function buildOnce(cacheDir: string, recipe: Recipe, base: Built | undefined): Promise<Built> {
  const slug = recipe.name.replace(/[^a-z0-9.-]+/g, '_');
  const folder = join(cacheDir, slug, await recipeHash(recipe, base));
  await mkdir(join(cacheDir, slug), { recursive: true });
  const known = await readBuilt(folder);
  return (
    known ??
    withLock(join(cacheDir, slug, 'lock'), async () => (await readBuilt(folder)) ?? build(folder, { recipe, base }))
  );
}

/** Builds beside the final place and moves there at the end: what exists is whole. */
async function build(folder: string, from: { recipe: Recipe; base: Built | undefined }): Promise<Built> {
  const { recipe, base } = from;
  const temporary = `${folder}.building`;
  await rm(temporary, { recursive: true, force: true });
  const root = join(temporary, 'rootfs');
  await mkdir(root, { recursive: true, mode: 0o755 });
  if (base !== undefined) {
    await runTool('cp', ['-a', '--reflink=auto', `${join(base.folder, 'rootfs')}/.`, root]);
  }
  for (const entry of recipe.entries) {
    await apply(root, entry);
  }
  const config: ImageConfig = {
    uid: recipe.uid,
    gid: recipe.gid,
    command: recipe.command,
    digest: await digest(root),
  };
  await writeFile(join(temporary, 'image.json'), JSON.stringify({ name: recipe.name, ...config }, null, 2));
  await rename(temporary, folder);
  if (recipe.keepsOne === true) await forgetOthers(folder);
  return { folder, config };
}

async function forgetOthers(folder: string): Promise<void> {
  const isBuild = /^[0-9a-f]{16}$/;
  const others = (await readdir(dirname(folder))).filter(name => isBuild.test(name) && name !== basename(folder));
  for (const name of others) await rm(join(dirname(folder), name), { recursive: true, force: true });
}

async function packOnce(folder: string): Promise<string> {
  const tar = join(folder, 'rootfs.tar');
  await withLock(join(folder, '..', 'lock'), async () => {
    if (!(await exists(tar))) {
      await pack(join(folder, 'rootfs'), `${tar}.part`);
      await rename(`${tar}.part`, tar);
    }
  });
  return tar;
}

async function readBuilt(folder: string): Promise<Built | undefined> {
  const path = join(folder, 'image.json');
  return (await exists(path)) ? { folder, config: parseConfig(await readFile(path, 'utf8')) } : undefined;
}

function parseConfig(text: string): ImageConfig {
  const value: unknown = JSON.parse(text);
  if (!isImageConfig(value)) {
    throw new Error(`Not an image description: ${text}`);
  }
  return { uid: value.uid, gid: value.gid, command: value.command, digest: value.digest };
}

function isImageConfig(value: unknown): value is ImageConfig {
  return (
    typeof value === 'object' &&
    value !== null &&
    'uid' in value &&
    typeof value.uid === 'number' &&
    'gid' in value &&
    typeof value.gid === 'number' &&
    'command' in value &&
    Array.isArray(value.command) &&
    'digest' in value &&
    typeof value.digest === 'string'
  );
}

async function recipeHash(recipe: Recipe, base: Built | undefined): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ buildVersion, arch: process.arch, recipe, base: base?.config.digest }));
  for (const entry of recipe.entries) {
    hash.update(await hashSource(entry));
  }
  return hash.digest('hex').slice(0, 16);
}

async function hashSource(entry: Entry): Promise<string> {
  if (entry.kind === 'lens-helper') {
    return hashLensHelper();
  }
  if (entry.kind === 'host-directory') {
    return hashFolder(entry.from);
  }
  if (entry.kind !== 'host-file') {
    return '';
  }
  return hashFile(entry.from).catch((cause: unknown) => {
    throw isMissingFile(cause) ? new ToolMissing(entry.debianPackage) : cause;
  });
}

/** Of what `cp -R` makes of it: names, contents, and which can be started. */
async function hashFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => !entry.isDirectory()).map(entry => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) {
    const found = await lstat(file);
    const content = found.isSymbolicLink() ? await readlink(file) : await hashFile(file);
    hash.update(`${file.slice(folder.length)} ${found.mode & 0o100} ${content}\n`);
  }
  return hash.digest('hex');
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
