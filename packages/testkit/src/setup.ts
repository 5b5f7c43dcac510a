// SPDX-License-Identifier: Apache-2.0
// `./dev setup`: what takes a while and is kept from run to run. `engine` alone, or `images` too.
import { fileURLToPath } from 'node:url';
import { cacheFolder, findEngine } from '@cinc-scan/core';
import { openImageStore } from './images/store.ts';

const say = (text: string) => process.stderr.write(`▸ ${text}\n`);

await findEngine({
  choice: 'gems',
  directory: fileURLToPath(new URL('../../engine/', import.meta.url)),
  cacheDirectory: cacheFolder(process.env),
  path: process.env['PATH'] ?? '',
  installEnvironment: process.env,
  onNotice: say,
});
if (process.argv.includes('images')) {
  const store = await openImageStore();
  for (const name of store.names()) await store.ensure([name]);
}
