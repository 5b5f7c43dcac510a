// SPDX-License-Identifier: Apache-2.0
// `npm run generate`: writes every generated file of this repository.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderAdapters } from './ci/adapters.ts';
import { renderDocs } from './docs.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
for (const { path, text } of [...renderDocs(), ...renderAdapters()]) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
  process.stdout.write(`${path}\n`);
}
