// SPDX-License-Identifier: Apache-2.0
// `npm run build:command`: makes packages/cli/dist/, the command with all that it needs of npm: one file that is read at
// each start, and one that is read where there is a proxy. It starts in half the time, installs without dependencies, and is
// what the tests start.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licensesOf, packagesIn } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'packages/cli/dist');

/** Makes it anew; whoever starts it meanwhile starts the one before or this one. */
async function main(): Promise<void> {
  const draft = join(root, `build/command.${process.pid}`);
  const { metafile } = await build({
    entryPoints: [join(root, 'packages/cli/src/main.ts')],
    outdir: draft,
    entryNames: 'cinc-scan',
    splitting: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.19',
    conditions: ['source'],
    // Packages of the older kind ask for Node's own modules by a function that modules of the newer kind do not have.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    legalComments: 'none', // in a file of their own
    metafile: true,
    logLevel: 'error',
  });
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
  writeFileSync(join(draft, 'licenses.txt'), licensesOf(packagesIn(used.join('\n')), join(root, 'node_modules')));
  mkdirSync(target, { recursive: true });
  const made = readdirSync(draft);
  for (const name of made) renameSync(join(draft, name), join(target, name));
  for (const name of readdirSync(target)) if (!made.includes(name)) rmSync(join(target, name)); // of the one before
  rmSync(draft, { recursive: true, force: true });
}

await main();
