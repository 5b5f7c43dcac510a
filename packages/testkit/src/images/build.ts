// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMissingFile, runTool, spawnTool, ToolFailed, ToolMissing } from './command.ts';
import { buildLensHelper } from './lens-helper.ts';
import type { Entry } from './recipe.ts';

/** Fixed, so that the same packages give the same bytes. */
const epoch = '1700000000';

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>;
type Change = EntryOf<'copy' | 'mode' | 'move'>;

/** Carries out one entry of a recipe below `root`. */
export async function apply(root: string, entry: Entry): Promise<void> {
  if (isChange(entry)) {
    return change(root, entry);
  }
  switch (entry.kind) {
    case 'debian':
      return bootstrapDebian(root, entry);
    case 'directory':
      return makeDirectory(root, entry);
    case 'file':
      return writeContent(root, entry);
    case 'append':
      return appendFile(join(root, entry.path), entry.content);
    case 'link':
      return symlink(entry.to, await parentMade(root, entry.path));
    case 'host-file':
      return takeFromHost(root, entry);
    case 'host-directory':
      return takeFolder(root, entry);
    case 'applets':
      return linkApplets(root, entry);
    case 'lens-helper':
      return buildLensHelper(await parentMade(root, entry.path));
  }
}

function isChange(entry: Entry): entry is Change {
  return entry.kind === 'copy' || entry.kind === 'mode' || entry.kind === 'move';
}

async function change(root: string, entry: Change): Promise<void> {
  const path = join(root, entry.path);
  switch (entry.kind) {
    case 'copy':
      await copyFile(join(root, entry.from), await parentMade(root, entry.path));
      return chmod(path, entry.mode);
    case 'mode':
      return chmod(path, entry.mode);
    case 'move':
      return rename(join(root, entry.from), await parentMade(root, entry.path));
  }
}

async function parentMade(root: string, path: string): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
  return join(root, path);
}

async function makeDirectory(root: string, entry: EntryOf<'directory'>): Promise<void> {
  const path = join(root, entry.path);
  await mkdir(path, { recursive: true, mode: 0o755 });
  await chown(path, entry.uid ?? 0, entry.gid ?? 0);
  await chmod(path, entry.mode ?? 0o755);
}

async function writeContent(root: string, entry: EntryOf<'file'>): Promise<void> {
  const path = await parentMade(root, entry.path);
  await writeFile(path, entry.content);
  await chown(path, entry.uid ?? 0, entry.gid ?? 0);
  await chmod(path, entry.mode ?? 0o644);
}

async function takeFromHost(root: string, entry: EntryOf<'host-file'>): Promise<void> {
  const path = await parentMade(root, entry.path);
  await copyFile(entry.from, path).catch((cause: unknown) => {
    throw isMissingFile(cause) ? new ToolMissing(entry.debianPackage) : cause;
  });
  await chmod(path, entry.mode ?? 0o644);
}

async function takeFolder(root: string, { path, from }: EntryOf<'host-directory'>): Promise<void> {
  const target = await parentMade(root, path);
  await runTool('cp', ['-R', '--reflink=auto', from, target]);
  await runTool('chmod', ['-R', 'a+rX,go-w', target]);
}

async function linkApplets(root: string, entry: EntryOf<'applets'>): Promise<void> {
  const names = (await runTool(join(root, entry.busybox), ['--list'])).trim().split('\n');
  for (const name of names.filter(applet => applet !== 'busybox')) {
    await symlink(entry.busybox, join(root, entry.directory, name));
  }
}

async function bootstrapDebian(root: string, { suite, include }: EntryOf<'debian'>): Promise<void> {
  await rm(root, { recursive: true, force: true });
  const sources = await findSources(suite);
  const env = { ...process.env, SOURCE_DATE_EPOCH: epoch };
  const options = ['--variant=essential', '--mode=root', `--include=${include.join(',')}`];
  await runTool('mmdebstrap', [...options, suite, root, ...sources], env);
  await chmod(root, 0o755);
  for (const leftover of ['var/cache', 'var/lib/apt', 'var/log', 'dev', 'run']) {
    await empty(join(root, leftover));
  }
  await rm(join(root, 'etc/machine-id'), { force: true });
  await rm(join(root, 'etc/hostname'), { force: true });
  await rm(join(root, 'etc/resolv.conf'), { force: true });
}

async function empty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissingFile(error)) {
      return [];
    }
    throw error;
  });
  await Promise.all(names.map(name => rm(join(directory, name), { recursive: true })));
}

/** The machine's own sources for a suite; with none mmdebstrap falls back to the mirror it knows. */
async function findSources(suite: string): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const files = ['/etc/apt/sources.list', ...names.map(name => join(folder, name))];
  const wanted: string[] = [];
  for (const file of files.filter(name => /\.(list|sources)$/.test(name))) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (offersSuite(text, suite)) {
      wanted.push(file);
    }
  }
  return wanted;
}

function offersSuite(text: string, suite: string): boolean {
  const active = text.split('\n').filter(line => !line.startsWith('#'));
  return active.some(line => /^(deb\s|Suites:)/.test(line) && line.split(/\s+/).includes(suite));
}

/** Sorted, with numeric owners and one fixed time, so that the digest of a tar says what is in it. */
const tarOptions = [
  '--sort=name',
  `--mtime=@${epoch}`,
  '--numeric-owner',
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
];

export async function pack(root: string, tar: string): Promise<void> {
  await runTool('tar', [...tarOptions, '-C', root, '-cf', tar, '.']);
}

/** The digest of the tar that `pack` would write. */
export async function digest(root: string): Promise<string> {
  const child = await spawnTool('tar', [...tarOptions, '-C', root, '-c', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
  const hash = createHash('sha256');
  if (child.stdout !== null) {
    await pipeline(child.stdout, hash);
  }
  const code = await ended;
  if (code !== 0) {
    throw new ToolFailed(`tar of ${root} ended with ${code ?? 'a signal'}`);
  }
  return `sha256:${hash.digest('hex')}`;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissingFile(error)) {
      return false;
    }
    throw error;
  }
}
