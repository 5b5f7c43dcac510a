// SPDX-License-Identifier: Apache-2.0
// `npm run build:action [FOLDER]`: makes dist/, or the same in another folder, from the sources of this checkout.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { licensesOf, packagesIn, parseObject } from './licenses.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
// Always the same place: what the bundler writes depends on where the sources lie in the project.
const stage = join(root, 'build/action');
const modules = join(root, 'node_modules');

/** Packages of this repository that the action is made of. */
const own = ['core', 'companions'];
/**
 * Copied, to say of them what their own package.json does not: that their modules can be left out one by one. And those
 * that import what is replaced below.
 */
const shaken = ['@actions/artifact', '@azure/storage-blob'];
/** Only for what the Action does not do: unpacking artifacts, and lists of blobs in another format. */
const unused: Record<string, string> = {
  'unzip-stream': 'export default {};',
  'apache-arrow': 'export const tableFromIPC = undefined;',
};

function main(target: string): void {
  rmSync(stage, { recursive: true, force: true });
  run('tsc', ['-b', 'src/tsconfig.build.json']);
  stagePackages();
  const bundles = ['action', 'artifact'].map(bundle);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of ['main', 'post']) writeFileSync(join(target, `${name}.js`), compiled(name));
  for (const { name, file } of bundles) cpSync(file, join(target, `${name}.js`));
  const packages = bundles
    .flatMap(made => made.packages)
    .filter(name => !name.startsWith('@cinc-scan/') && !(name in unused));
  writeFileSync(join(target, 'licenses.txt'), licensesOf(packages, modules));
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  for (const name of ['bin', 'lib', 'Gemfile', 'Gemfile.lock'])
    cpSync(join(root, 'packages/engine', name), join(target, 'engine', name), { recursive: true });
}

function run(tool: string, args: string[], cwd = root): void {
  execFileSync(process.execPath, [join(modules, '.bin', tool), ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function stagePackages(): void {
  for (const name of own) {
    const copy = join(stage, 'node_modules/@cinc-scan', name);
    cpSync(join(root, 'packages', name, 'lib'), join(copy, 'lib'), { recursive: true });
    writePackage(copy, { name: `@cinc-scan/${name}`, exports: './lib/index.js' });
  }
  for (const name of shaken) {
    const copy = join(stage, 'node_modules', name);
    cpSync(join(modules, name), copy, { recursive: true, dereference: true });
    writePackage(copy, parseObject(readFileSync(join(copy, 'package.json'), 'utf8')));
  }
  for (const [name, text] of Object.entries(unused)) {
    const copy = join(stage, 'node_modules', name);
    mkdirSync(copy, { recursive: true });
    writePackage(copy, { name, exports: './index.js' });
    writeFileSync(join(copy, 'index.js'), `${text}\n`);
  }
}

function writePackage(folder: string, fields: Record<string, unknown>): void {
  const text = JSON.stringify({ version: '0.0.0', type: 'module', ...fields, sideEffects: false });
  writeFileSync(join(folder, 'package.json'), text);
}

interface Bundle {
  name: string;
  file: string;
  packages: string[];
}

function bundle(name: string): Bundle {
  const out = join(stage, 'out', name);
  const stats = join(stage, 'out', `${name}.json`);
  mkdirSync(out, { recursive: true });
  const options = ['-o', out, '-m', '--target', 'es2024', '--stats-out', stats];
  // There, because ncc takes the folder it runs in for the one that the program will: of a path that starts with
  // process.cwd() and fits a file in it, it packs the file and changes the path.
  run('ncc', ['build', join(stage, 'src', `${name}.js`), ...options], stage);
  refuseAssets(out);
  refuseChunks(out);
  return { name, file: join(out, 'index.js'), packages: packagesIn(readFileSync(stats, 'utf8')) };
}

function refuseAssets(folder: string): void {
  const packed = readdirSync(folder, { recursive: true }).filter(path => !/^[\w.]+[.]js(?:on)?$/.test(String(path)));
  if (packed.length > 0)
    throw new Error(`the bundler took these files for a part of the program: ${packed.join(', ')}`);
}

/** What is loaded later by the bundler's own means is a further file, and not made small: our own entries do that. */
function refuseChunks(folder: string): void {
  // The client of proxies would take `kerberos`, if somebody had installed it: a file of some bytes that says so.
  const chunks = readdirSync(folder).filter(name => /^\d+\.index\.js$/.test(name));
  const real = chunks.filter(name => !readFileSync(join(folder, name), 'utf8').includes('eval("require")'));
  const small = real.filter(name => statSync(join(folder, name)).size < 1000);
  if (real.length > small.length) throw new Error(`a dynamic import gave the chunks ${real.join(', ')}`);
}

/** As the compiler wrote it, without the pointer to a map that is not shipped. */
function compiled(name: string): string {
  return readFileSync(join(stage, 'src', `${name}.js`), 'utf8').replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '\n');
}

const target = resolve(root, process.argv[2] ?? 'dist');
const draft = `${target}.new`;
main(draft);
rmSync(target, { recursive: true, force: true });
mkdirSync(dirname(target), { recursive: true });
renameSync(draft, target);
