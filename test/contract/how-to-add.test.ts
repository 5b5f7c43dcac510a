// SPDX-License-Identifier: Apache-2.0
// "How to add" of CONTRIBUTING names every place that the checks demand, and none is passed over by all of them: a dummy
// of each kind stands in a copy of the tree, whole, and then with one of its places left out.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/command.ts';
import { dummies, plant } from './dummies.ts';

const root = resolve(import.meta.dirname, '../..');
const scratch = temporaryFolder();
afterAll(() => scratch[Symbol.dispose]());

const parts = ['packages/core', 'packages/adapters', 'packages/companions', 'packages/sidecar', 'profiles', 'examples'];
const tracked = execFileSync(
  'git',
  [
    'ls-files',
    '-co',
    '--exclude-standard',
    ...parts,
    'src',
    'docs',
    'package.json',
    'tsconfig.base.json',
    'action.yml',
  ],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter(path => path !== '' && !path.endsWith('.test.ts') && !path.startsWith('packages/core/fixtures'));

/** The tree without tests; its packages are its own, all others those of this checkout. */
function copyTree(name: string): string {
  const tree = join(scratch.path, name);
  for (const path of tracked) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(root, path), join(tree, path));
  }
  const modules = join(tree, 'node_modules');
  mkdirSync(join(modules, '@cinc-scan'), { recursive: true });
  for (const each of readdirSync(join(root, 'node_modules')))
    if (each !== '@cinc-scan') symlinkSync(join(root, 'node_modules', each), join(modules, each));
  for (const each of ['core', 'adapters', 'companions', 'sidecar'])
    symlinkSync(join(tree, 'packages', each), join(modules, '@cinc-scan', each));
  writeFileSync(
    join(tree, 'tsconfig.json'),
    JSON.stringify({
      extends: './tsconfig.base.json',
      compilerOptions: { noEmit: true, incremental: true, tsBuildInfoFile: join(scratch.path, 'tsbuildinfo') },
      include: ['core', 'adapters', 'companions'].map(part => `packages/${part}/src`),
      exclude: ['**/testing'],
    }),
  );
  // Entries of knip.jsonc, which would bring the tests' with them.
  const ignore = ['**/testing/**', 'packages/adapters/azure/**', 'src/post.ts', 'examples/library/**'];
  writeFileSync(
    join(tree, 'knip.json'),
    JSON.stringify({ include: ['files'], ignore, workspaces: { 'packages/adapters': { entry: ['src/generate.ts'] } } }),
  );
  return tree;
}

function run(tree: string, tool: string, args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], {
    cwd: tree,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

const read = (tree: string, path: string) => readFileSync(join(tree, path), 'utf8');
const idsIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, id = '']) => id);
const lacking = (all: string[], those: string[], say: (each: string) => string) =>
  all.filter(each => !those.includes(each)).map(say);
const sources = (tree: string, pattern: string) =>
  globSync(pattern, { cwd: tree })
    .map(path => read(tree, path))
    .join('\n');

/** What belongs together by name, and no compiler compares. */
function compareNames(tree: string): string[] {
  return [...compareCore(tree), ...compareColours(tree), ...compareStarters(tree), ...compareReaders(tree)];
}

function compareCore(tree: string): string[] {
  const inputs = idsIn(read(tree, 'packages/core/src/request/interface.ts'), /^ {2}'?([a-z][a-z-]*)'?: \{/gm);
  const codes = idsIn(read(tree, 'packages/core/src/errors/catalogue.ts'), /^ {2}([A-Z_]+): \{/gm);
  const code = sources(tree, '{packages/*/src,src}/**/!(interface|catalogue).ts');
  const page = read(tree, 'profiles/container-baseline/README.md');
  const named = idsIn(page, /^\| `([a-z]+-[a-z-]+)` \| (?:low|medium|high|critical) /gm);
  const controls = idsIn(sources(tree, 'profiles/container-baseline/controls/*.rb'), /^control '([^']+)'/gm);
  return [
    ...inputs.filter(each => !new RegExp(`\\b${each}\\b`).test(code)).map(each => `nobody reads the input ${each}`),
    ...codes.filter(each => !code.includes(`'${each}'`)).map(each => `unused error code ${each}`),
    ...lacking(controls, named, each => `the page does not name ${each}`),
    ...lacking(named, controls, each => `the page names ${each}, which is not there`),
  ];
}

function compareColours(tree: string): string[] {
  const colours = idsIn(read(tree, 'packages/core/src/report/html/palette.ts'), /^ {2}'?([a-z-]+)'?: '#/gm);
  const pages = sources(tree, 'packages/core/src/report/html/!(palette).ts');
  const used = idsIn(pages, /var\(--([a-z-]+)\)/g);
  const local = idsIn(pages, /--([a-z-]+):/g);
  return [
    ...lacking(used, [...colours, ...local], each => `no colour ${each} in the palette`),
    ...lacking(colours, used, each => `no style uses the colour ${each}`),
  ];
}

function compareStarters(tree: string): string[] {
  const starters = idsIn(read(tree, 'packages/adapters/src/starters/starters.ts'), /^ {2}'?([a-z-]+)'?: \{/gm);
  const pages = idsIn(read(tree, 'packages/adapters/src/ci/platforms.ts'), /starters: \[([^\]]*)\]/g);
  const shown = pages.flatMap(names => idsIn(names, /'([^']+)'/g));
  // GitHub's page is docs/github-action.md.
  return [
    ...lacking(starters, [...shown, 'github'], each => `no page shows the starter ${each}`),
    ...lacking(shown, starters, each => `no starter ${each}`),
  ];
}

function compareReaders(tree: string): string[] {
  const readers = idsIn(sources(tree, 'packages/companions/src/readers/*.ts'), /^ {2}tool: '([^']+)',/gm);
  const samples = idsIn(read(tree, 'packages/companions/src/testing/samples.ts'), /^ {2}\['[^']+', '([^']+)'\]/gm);
  // The samples of the auditor's own results are with the tests of core.
  return lacking(readers, [...samples, 'hdf'], each => `no sample of ${each}`);
}

/** All that the checks say of a tree. */
const complaints = (tree: string): string =>
  [
    run(tree, 'typescript/bin/tsc', ['-p', '.', '--pretty', 'false']),
    run(tree, 'knip/bin/knip.js', ['--no-progress', '--no-config-hints']),
    ...compareNames(tree),
  ].join('\n');

const most = Math.max(...dummies.map(({ places }) => places.length));
const whole = copyTree('whole');
plant(whole);
const found = complaints(whole);
const without = Array.from({ length: most }, (_, left) => {
  const tree = copyTree(`without-${left}`);
  plant(tree, left);
  return complaints(tree);
});

test('a tree with a dummy of each kind, in all its places, passes the checks', () => {
  expect(found.trim()).toBe('');
});

const section =
  readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('## How to add …')[1]?.split('\n## ')[0] ?? '';

describe.each(dummies)('$heading', ({ heading, places }) => {
  const paragraph = section.split('\n\n').find(each => each.trim().startsWith(`**${heading}`)) ?? '';

  test.each(places.map((place, left) => ({ ...place, left })))(
    '$named is named by CONTRIBUTING, and a check demands it',
    ({ named, demanded, left }) => {
      expect(paragraph).toContain(named);
      expect(without[left]).toMatch(demanded);
    },
  );
});
