// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Violation {
  rule: string;
  from: string;
}

/** What the rules say of the packages in a folder. */
async function violations(folder: string): Promise<Violation[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const output = await new Promise<string>(done => {
    const args = [program, '--config', config, '--output-type', 'json', 'packages'];
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 1 << 28 }, (_error, stdout) => done(stdout));
  });
  return parseViolations(output);
}

function parseViolations(output: string): Violation[] {
  const { summary } = JSON.parse(output) as {
    summary: { totalDependenciesCruised: number; violations: { from: string; rule: { name: string } }[] };
  };
  // A tool that reads nothing finds nothing.
  expect(summary.totalDependenciesCruised).toBeGreaterThan(500);
  return summary.violations.map(({ from, rule }) => ({ rule: rule.name, from }));
}

// rule, file that breaks it, and how
const seeds: [rule: string, path: string, text: string][] = [
  ['direction-request', 'core/src/request/seed.ts', "import '../report/index.ts';"],
  ['direction-cluster', 'core/src/cluster/seed.ts', "import type { Plan } from '../plan/index.ts';\nlet a: Plan;"],
  ['direction-gate', 'core/src/gate/seed-a.ts', "export { writeReports } from '../report/index.ts';"],
  ['direction-report', 'core/src/report/seed-a.ts', "import type { Run } from '../run/index.ts';\nlet a: Run;"],
  ['direction-lens', 'core/src/lens/seed.ts', "export const later = () => import('../engine/index.ts');"],
  ['direction-plan', 'core/src/plan/seed-a.ts', "import '../grant/index.ts';\nasync () => { await using a = g(); };"],
  ['core-folder-without-a-place', 'core/src/gate/seed-b.ts', "import '../helpers/seed.ts';"],
  ['errors-stand-alone', 'core/src/errors/seed.ts', "import '../plan/index.ts';"],
  ['core-has-rooms', 'core/src/seed.ts', "import './plan/index.ts';"],
  ['report-is-pure', 'core/src/report/html/seed.ts', "import 'node:fs';"],
  ['report-is-pure', 'core/src/report/seed-b.ts', "import { request } from 'https';\nrequest('');"],
  ['folders-by-their-list', 'core/src/grant/seed.ts', "import { targetName } from '../plan/target.ts';\ntargetName;"],
  ['core-stands-alone', 'core/src/plan/seed-c.ts', "import '../../../cli/src/index.ts';"],
  ['core-stands-alone', 'core/src/plan/seed-d.ts', "import '@cinc-scan/testkit';"],
  ['core-stands-alone', 'core/src/plan/seed-h.ts', "import '@actions/core';"],
  ['sidecar-needs-core-alone', 'sidecar/src/seed.ts', "import 'cinc-scan';"],
  ['companions-need-core-alone', 'companions/src/seed.ts', "import 'cinc-scan';"],
  ['testkit-is-for-tests', 'cli/src/seed-a.ts', "import '@cinc-scan/testkit';"],
  ['tests-are-not-imported', 'cli/src/seed-b.ts', "import '../../../test/support/cluster.ts';"],
  ['packages-by-name', 'cli/src/seed-c.ts', "import '../../core/src/index.ts';"],
  ['no-cycles', 'core/src/plan/seed-e.ts', "import { b } from './seed-f.ts';\nexport const a = b;"],
  ['no-cycles', 'core/src/plan/seed-i.ts', "import type { B } from './seed-j.ts';\nexport type A = B[];"],
  ['not-resolvable', 'core/src/plan/seed-g.ts', "import './nowhere.ts';"],
];
const alsoNeeded = {
  'core/src/helpers/seed.ts': 'export {};',
  'core/src/plan/seed-j.ts': "import type { A } from './seed-i.ts';\nexport interface B { a: A }",
  'core/src/plan/seed-f.ts': "import { a } from './seed-e.ts';\nexport const b = () => a;",
};

/** The sources of this repository with further files in them. */
function copyWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'boundaries-'));
  folders.push(folder);
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.base.json', 'test', 'packages'])
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: source => !/\/(?:node_modules|lib|fixtures)$/.test(source),
    });
  linkModules(folder);
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, 'packages', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  return folder;
}

/** Installed packages as they are; packages of this repository as they are in the copy. */
function linkModules(folder: string): void {
  const modules = join(folder, 'node_modules');
  const own = new Map(
    readdirSync(join(folder, 'packages')).map(place => [nameOf(join(folder, 'packages', place)), place]),
  );
  mkdirSync(join(modules, '@cinc-scan'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@cinc-scan' && !own.has(name)) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const [name, place] of own)
    if (name !== undefined) symlinkSync(join(folder, 'packages', place), join(modules, name));
}

/** Of the package in a folder; some folders hold no JavaScript. */
function nameOf(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name: string };
  return name;
}

test('the packages keep their boundaries', async () => {
  expect(await violations(root)).toEqual([]);
});

describe('in a copy of the sources with one violation of each kind', () => {
  let found: Promise<Violation[]>;
  beforeAll(() => {
    const files = { ...alsoNeeded, ...Object.fromEntries(seeds.map(([, path, text]) => [path, text])) };
    found = violations(copyWith(files));
  });

  test.each(seeds)('%s refuses packages/%s', async (rule, path) => {
    expect(await found).toContainEqual({ rule, from: `packages/${path}` });
  });

  test('nothing else is refused', async () => {
    const expected = [...seeds.map(([, path]) => path), ...Object.keys(alsoNeeded)].map(path => `packages/${path}`);
    expect((await found).filter(({ from }) => !expected.includes(from))).toEqual([]);
  });
});
