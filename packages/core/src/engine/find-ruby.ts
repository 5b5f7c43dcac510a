// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  writeFile,
} from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ScanError, toMessage } from '../errors/index.ts';

const run = promisify(execFile);
const question = 'print RUBY_DESCRIPTION';

export interface Ruby {
  command: string;
  /** `RUBY_DESCRIPTION`: interpreter, version, revision and platform. Gems with native parts fit only these. */
  signature: string;
}

/** The first Ruby on the path. What it says of itself is kept, for asking takes a fifth of the time the engine does. */
export async function findRuby(path: string, cacheDirectory: string): Promise<Ruby> {
  try {
    const mark = await markOf(path).catch(() => undefined);
    const signature =
      mark === undefined ? await signatureOf(path) : await recall(path, join(cacheDirectory, `ruby-${mark}`));
    return { command: 'ruby', signature: checked(signature) };
  } catch (error) {
    throw new ScanError('ENGINE_MISSING', `No usable Ruby: ${toMessage(error)}`, { cause: error });
  }
}

async function recall(path: string, file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => '');
  if (isRecent(known)) return known;
  const signature = checked(await signatureOf(path));
  await keep(file, signature);
  return signature;
}

function isRecent(signature: string): boolean {
  const [, major = 0, minor = 0] = /^\S+ (\d+)\.(\d+)\S* .*\]$/.exec(signature)?.map(Number) ?? [];
  return major > 3 || (major === 3 && minor >= 1);
}

function checked(signature: string): string {
  if (!isRecent(signature)) throw new Error(`found ${signature}, need Ruby 3.1 or later`);
  return signature;
}

async function signatureOf(path: string): Promise<string> {
  return (await run('ruby', ['-e', question], { env: { PATH: path } })).stdout;
}

/**
 * Of the very file; undefined for a script, or a program of another name, which may start another Ruby at each call, as those
 * of version managers do.
 */
async function markOf(path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    const command = join(folder, 'ruby');
    const runs = await access(command, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!runs) continue;
    const file = await realpath(command);
    if (!/^ruby[\d.]*$/.test(basename(file))) return undefined;
    await using opened = await open(file);
    return await markOfFile(file, opened);
  }
  return undefined;
}

async function markOfFile(file: string, opened: FileHandle): Promise<string | undefined> {
  const { buffer } = await opened.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.toString('latin1') !== '\x7fELF') return undefined;
  const { ino, size, mtimeNs } = await opened.stat({ bigint: true });
  // What is asked is part of it: versions of this program that ask for something else share the cache.
  return createHash('sha256').update([question, file, ino, size, mtimeNs].join('\n')).digest('hex').slice(0, 16);
}

/** The next run asks again where it cannot be kept. */
async function keep(file: string, signature: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    .then(() => writeFile(draft, signature, { mode: 0o600 }))
    .then(() => rename(draft, file))
    .catch(() => undefined);
}
