// SPDX-License-Identifier: Apache-2.0
import { copyFile } from 'node:fs/promises';
import { writeArchives } from './archive.ts';
import { openImageStore } from './store.ts';

const usage = 'usage: main.ts build [NAME…] | list | tar NAME OUT | archive DIR [NAME…]\n';

async function main(args: string[]): Promise<number> {
  const [command = '', ...names] = args;
  const store = await openImageStore();
  switch (command) {
    case 'build':
      return build(store, names.length === 0 ? store.names() : names);
    case 'list':
      process.stdout.write(`${store.names().join('\n')}\n`);
      return 0;
    case 'tar':
      return copyTar(store, names);
    case 'archive':
      return archive(store, names);
    default:
      process.stderr.write(usage);
      return 2;
  }
}

type Store = Awaited<ReturnType<typeof openImageStore>>;

async function build(store: Store, names: string[]): Promise<number> {
  await store.ensure(names);
  for (const name of names) {
    process.stdout.write(`${name} ${store.config(name)?.digest ?? ''} ${store.rootfs(name) ?? ''}\n`);
  }
  return 0;
}

async function copyTar(store: Store, [name, out]: string[]): Promise<number> {
  if (name === undefined || out === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  await copyFile(await store.tar(name), out);
  return 0;
}

async function archive(store: Store, [directory, ...names]: string[]): Promise<number> {
  if (directory === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const archives = await writeArchives(store, names.length === 0 ? store.names() : names, directory);
  process.stdout.write(archives.map(({ path }) => `${path}\n`).join(''));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
