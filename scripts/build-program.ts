// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { licensesOf, packagesIn } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface ProgramBuild {
  /** Folder of the package, whose dist/ is made. */
  folder: string;
  /** Sources by the names of the files that are made of them. */
  entries: Record<string, string>;
  /** Oldest Node.js that it runs on. */
  node: `node${string}`;
  /** Packages that are installed beside it. */
  external?: string[];
}

/**
 * Node's own modules by `process.getBuiltinModule`, and of each what is used. An import of one reads all of its exports, as
 * does `require`: with `node:http` that loads undici for `http.WebSocket`, which nothing here uses and which takes as long as
 * Node.js needs to start (lib/internal/bootstrap/realm.js, `syncExports`).
 */
const builtins: Plugin = {
  name: 'builtins',
  setup(bundler) {
    const names = new Set(builtinModules);
    bundler.onResolve({ filter: /^(?:node:)?[a-z_/0-9]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!names.has(name) || (kind !== 'import-statement' && kind !== 'require-call')) return undefined;
      return { path: `node:${name}`, namespace: `builtin-${kind}`, sideEffects: false };
    });
    bundler.onLoad({ filter: /.*/, namespace: 'builtin-require-call' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'builtin-import-statement' }, ({ path }) => ({
      contents: moduleOf(path),
    }));
  },
};

/** A module that the bundler can take single exports of: a call that is pure goes where its value is not used. */
function moduleOf(path: string): string {
  const members = Object.keys(process.getBuiltinModule(path) ?? {}).filter(name => /^[A-Za-z_]\w*$/.test(name));
  return [
    `const builtin = /* @__PURE__ */ process.getBuiltinModule('${path}');`,
    'const member = name => builtin[name];',
    'export default builtin;',
    ...members.flatMap(name => [
      `const its_${name} = /* @__PURE__ */ member('${name}');`,
      `export { its_${name} as ${name} };`,
    ]),
  ].join('\n');
}

/** Makes it anew; whoever starts it meanwhile starts the one before or this one. */
export async function buildProgram({ folder, entries, node, external = [] }: ProgramBuild): Promise<void> {
  const target = join(root, folder, 'dist');
  const draft = join(root, `build/${folder.replaceAll('/', '-')}.${process.pid}`);
  const { metafile } = await build({
    entryPoints: Object.fromEntries(
      Object.entries(entries).map(([name, source]) => [name, join(root, folder, 'src', source)]),
    ),
    outdir: draft,
    splitting: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: node,
    conditions: ['source'],
    external,
    plugins: [builtins],
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
