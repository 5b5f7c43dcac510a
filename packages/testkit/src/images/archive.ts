// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { exists } from './build.ts';
import { runTool } from './command.ts';
import type { ImageConfig, ImageStore } from './store.ts';

/** Raised when the way of packing changes the archive of an unchanged image. */
const archiveVersion = 1;

export interface Archive {
  name: string;
  path: string;
}

/**
 * Writes images as archives that `ctr images import`, `kind load image-archive` and `docker load` take, named by content:
 * what is there already is left as it is, and what an image no longer is goes.
 */
export async function writeArchives(store: ImageStore, names: string[], directory: string): Promise<Archive[]> {
  await mkdir(directory, { recursive: true });
  const archives: Archive[] = [];
  for (const name of names) archives.push(await writeArchive(store, name, directory));
  return archives;
}

async function writeArchive(store: ImageStore, name: string, directory: string): Promise<Archive> {
  const layer = resolve(await store.tar(name));
  const config = store.config(name);
  if (config === undefined) throw new Error(`The image "${name}" was not built`);
  const slug = name.replace(/[^a-z0-9.-]+/g, '_');
  const key = createHash('sha256').update(JSON.stringify({ archiveVersion, name, config })).digest('hex').slice(0, 16);
  const file = `${slug}-${key}.tar`;
  const path = join(directory, file);
  if (!(await exists(path))) {
    const draft = await mkdtemp(join(directory, '.draft-'));
    await pack(draft, { name, layer, config });
    await rename(join(draft, 'image.tar'), path);
    await rm(draft, { recursive: true });
  }
  const old = (await readdir(directory)).filter(each => each.startsWith(`${slug}-`) && each !== file);
  for (const each of old) if (/^[0-9a-f]{16}\.tar$/.test(each.slice(slug.length + 1))) await rm(join(directory, each));
  return { name, path };
}

interface Content {
  name: string;
  layer: string;
  config: ImageConfig;
}

/** The layout that `docker save` writes. */
async function pack(folder: string, { name, layer, config }: Content): Promise<void> {
  await symlink(layer, join(folder, 'layer.tar'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(toImage(config, await digestOf(layer))));
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  const members = ['manifest.json', 'config.json', 'layer.tar'];
  await runTool('tar', ['--dereference', '-C', folder, '-cf', join(folder, 'image.tar'), ...members]);
}

function toImage({ uid, gid, command }: ImageConfig, layer: string) {
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {
      User: `${uid}:${gid}`,
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: command,
    },
    rootfs: { type: 'layers', diff_ids: [layer] },
    history: [{ created_by: 'cinc-scan testkit' }],
  };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
