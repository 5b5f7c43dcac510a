// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

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
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
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

/** The sources of this repository with further files in them. */
function seeded(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'boundaries-'));
  folders.push(folder);
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.base.json', 'test', 'packages'])
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: source => !/\/(?:node_modules|lib|fixtures)$/.test(source),
    });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test('the packages keep their boundaries', async () => {
  expect(await violations(root)).toEqual([]);
});

test.each([
  ['direction-request', 'core/src/request/seed.ts', "import '../report/index.ts';"],
  ['direction-cluster', 'core/src/cluster/seed.ts', "import type { Plan } from '../plan/index.ts';\nlet a: Plan;"],
  ['direction-gate', 'core/src/gate/seed.ts', "export { writeReports } from '../report/index.ts';"],
  ['direction-lens', 'core/src/lens/seed.ts', "export const later = () => import('../engine/index.ts');"],
  ['core-folder-without-a-place', 'core/src/gate/seed.ts', "import '../helpers/seed.ts';"],
  ['errors-stand-alone', 'core/src/errors/seed.ts', "import '../plan/index.ts';"],
  ['stages-do-not-know-the-story', 'core/src/plan/seed.ts', "import '../run.ts';"],
  ['core-stands-alone', 'core/src/plan/seed.ts', "import 'cinc-scan';"],
  ['core-stands-alone', 'core/src/plan/seed.ts', "import '@actions/core';"],
  ['testkit-is-for-tests', 'cli/src/seed.ts', "import '@cinc-scan/testkit';"],
  ['tests-are-not-imported', 'cli/src/seed.ts', "import '../../../test/support/cluster.ts';"],
  ['packages-by-name', 'cli/src/seed.ts', "import '../../core/src/index.ts';"],
  ['no-cycles', 'core/src/plan/seed.ts', "import { b } from './seed-b.ts';\nexport const a = b;"],
  ['not-resolvable', 'core/src/plan/seed.ts', "import './nowhere.ts';"],
  ['direction-plan', 'core/src/plan/seed.ts', "import '../grant/index.ts';\nasync function f() { await using a = g(); }"],
])('the rule %s refuses a seeded violation in packages/%s', async (rule, path, text) => {
  const folder = seeded({
    [`packages/${path}`]: text,
    'packages/core/src/plan/seed-b.ts': "import { a } from './seed.ts';\nexport const b = () => a;",
    'packages/core/src/helpers/seed.ts': 'export {};',
  });
  expect(await violations(folder)).toContainEqual({ rule, from: `packages/${path}` });
});
