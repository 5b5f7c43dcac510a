// SPDX-License-Identifier: Apache-2.0
// `npm run build:service`: an embedded database that is initialized already, so that the first start of a service has not to
// wait for that. Made once for each version of the database.
import { mkdtempSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { databaseTemplate, databaseTemplatePath } from '../own-package.ts';

async function makeTemplate(path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-template-'));
  try {
    await using pglite = await PGlite.create(folder);
    const dump = await pglite.dumpDataDir('none');
    const draft = `${path}.${process.pid}`;
    await rm(dirname(path), { recursive: true, force: true }); // of another version
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, zstdCompressSync(Buffer.from(await dump.arrayBuffer())));
    await rename(draft, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (databaseTemplate() === undefined) await makeTemplate(databaseTemplatePath());
