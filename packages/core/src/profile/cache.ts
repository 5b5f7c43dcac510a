// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { withCacheLock } from '../engine/index.ts';
import { ScanError, toMessage } from '../errors/index.ts';
import { digestTree } from './digest.ts';

/** What a fetch gave: which tree, and of which commit. */
export interface Record {
  tree: string;
  commit?: string | undefined;
}

const record = z.strictObject({
  key: z.string(),
  tree: z.string().regex(/^[0-9a-f]{64}$/),
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional(),
});

const patienceMs = 300_000;

/**
 * What was fetched, on this machine: trees by the digest of their content, and what is known to lead to them. A tree is
 * handed out as a copy whose content has that digest; one that was changed meanwhile is fetched again.
 */
export class Cache {
  private readonly trees: string;
  private readonly records: string;
  private readonly locks: string;
  private readonly drafts: string;

  constructor(folder: string) {
    const part = (name: string) => join(folder, 'profiles', name);
    [this.trees, this.records, this.locks, this.drafts] = [
      part('trees'),
      part('records'),
      part('locks'),
      part('drafts'),
    ];
  }

  /** Does the work for a key alone among all processes. */
  async alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    await this.make();
    return withCacheLock(join(this.locks, name(key)), { patienceMs, code: 'PROFILE_UNREACHABLE' }, work);
  }

  /** Copies what is known under a key into a new folder; undefined if nothing is, or if it is not what it was. */
  async take(key: string, scratch: string): Promise<(Record & { folder: string }) | undefined> {
    const known = await this.read(key);
    if (known === undefined) return undefined;
    const folder = await mkdtemp(join(scratch, 'p'));
    try {
      await cp(join(this.trees, known.tree), folder, { recursive: true });
      if ((await digestTree(folder)) === known.tree) return { ...known, folder };
    } catch {
      // gone, or damaged: the same as not there
    }
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }

  /** Keeps what `write` puts into an empty folder, and what leads to it. */
  async keep(key: string, commit: string | undefined, write: (folder: string) => Promise<void>): Promise<Record> {
    await this.make();
    const draft = await mkdtemp(join(this.drafts, 'd'));
    try {
      await write(draft);
      const tree = await digestTree(draft);
      await this.publish(draft, tree);
      await this.note(key, { tree, commit });
      return { tree, commit };
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** Notes that a key leads to a tree that is there. */
  async note(key: string, { tree, commit }: Record): Promise<void> {
    const path = join(this.records, `${name(key)}.json`);
    const draft = await mkdtemp(join(this.drafts, 'r'));
    const text = JSON.stringify({ key, tree, ...(commit !== undefined && { commit }) });
    await writeFile(join(draft, 'record'), text, { mode: 0o600 });
    await rename(join(draft, 'record'), path);
    await rm(draft, { recursive: true });
  }

  /** What a key leads to, if anything. */
  async read(key: string): Promise<Record | undefined> {
    try {
      const found = record.parse(JSON.parse(await readFile(join(this.records, `${name(key)}.json`), 'utf8')));
      return found.key === key ? { tree: found.tree, commit: found.commit } : undefined;
    } catch {
      return undefined; // not there, or not ours
    }
  }

  /** A rename shows others all of it or nothing. A tree that is there and is not what its name says gives way. */
  private async publish(draft: string, tree: string): Promise<void> {
    const place = join(this.trees, tree);
    const isThere = async () => (await digestTree(place).catch(() => undefined)) === tree;
    if (await isThere()) return;
    const aside = await mkdtemp(join(this.drafts, 'o'));
    try {
      await rename(place, join(aside, 'old')).catch(() => undefined);
      await rename(draft, place);
    } catch (error) {
      if (await isThere()) return; // another process was faster
      throw new ScanError('PROFILE_UNREACHABLE', `The cache cannot be written: ${toMessage(error)}`, { cause: error });
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  private async make(): Promise<void> {
    for (const folder of [this.trees, this.records, this.locks, this.drafts])
      await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

const name = (key: string) => createHash('sha256').update(key).digest('hex');
