// SPDX-License-Identifier: Apache-2.0
// The tasks' scripts run by sh, with variables as Bamboo hands them over. The server itself was never asked.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { type Adapter, testContract } from './support/contract.ts';
import type { Given } from './support/endings.ts';
import { finish, readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { schemaProblems, testValid } from './support/schemas.ts';
import { testShell } from './support/shell.ts';

type Task = Record<string, { scripts: string[]; description: string; 'test-results': string[]; file: string }>;
interface Plan {
  variables: Record<string, string>;
  Scan: { tasks: Task[]; 'final-tasks': Task[] };
}

const path = 'packages/adapters/bamboo/bamboo.yml';
const plan = load(readFileSync(join(root, path), 'utf8')) as Plan;
const tasks = [...plan.Scan.tasks, ...plan.Scan['final-tasks']];
const scripts = (some: Task[]) => some.flatMap(task => task['script']?.scripts ?? []);
const variable = (name: string) => `cinc_${name.replaceAll('-', '_')}`;

/** The file that a task of this kind reads. */
const fileOf = (kind: string, key: 'file' | 'test-results'): string =>
  [tasks.find(task => task[kind] !== undefined)?.[kind]?.[key] ?? ''].flat()[0] ?? '';

function variablesFor(given: Given, token: string): Record<string, string> {
  const unknown = Object.keys(given).filter(name => !(variable(name) in plan.variables));
  if (unknown.length > 0) throw new Error(`no plan variable for ${unknown.join(', ')}`);
  const values = {
    ...plan.variables,
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [variable(name), value ?? ''])),
    cinc_token_secret: token,
    buildResultKey: 'SHOP-SCAN-JOB1-42',
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`bamboo_${name}`, value]));
}

const adapter: Adapter = {
  async run({ folder, path: search, given, env }) {
    mkdirSync(folder, { recursive: true });
    const options = { cwd: folder, env: { PATH: search, ...variablesFor(given, env['CINC_SCAN_TOKEN'] ?? '') } };
    let [state, text] = ['successful', ''];
    const shell = async (script: string) => {
      const ran = await finish('sh', ['-e', '-c', script], options);
      text += ran.text;
      return ran.code === 0;
    };
    for (const script of scripts(plan.Scan.tasks)) if (!(await shell(script))) state = 'failed';
    for (const script of scripts(plan.Scan['final-tasks'])) if (!(await shell(script))) state = 'failed';
    const file = join(folder, fileOf('inject-variables', 'file'));
    return { state, text, outputs: existsSync(file) ? readLines(readFileSync(file, 'utf8')) : {} };
  },
  state: ({ exit }) => (exit === 0 ? 'successful' : 'failed'),
  defaults: {
    reports: 'hdf,markdown,html,junit-gate',
    'findings-reports': 'html,markdown,junit-gate',
    'output-dir': 'cinc-scan-results',
  },
};

testContract('Bamboo', adapter);
testRealScan('bamboo', adapter);
testHostileValues('bamboo', adapter);

testValid(path, schemaProblems('bamboo'), [
  ['another version', 'version: 2', 'version: 9'],
  ['a key that is none', 'project-key:', 'projectkey:'],
  ['a task that is none', 'scripts:', 'scriptz:'],
  ['final tasks under another name', 'final-tasks:', 'finaltasks:'],
  ['a parser that is none', 'type: junit', 'type: sarif'],
]);

describe('the plan', () => {
  testShell(
    tasks.flatMap((task, index): [string, string][] =>
      (task['script']?.scripts ?? []).map(script => [`task ${index + 1}`, script]),
    ),
  );

  test('reads what the scan writes', () => {
    expect(fileOf('inject-variables', 'file')).toBe('cinc-scan.properties');
    expect(fileOf('test-parser', 'test-results')).toBe('cinc-scan-results/junit-gate.xml');
  });

  test('has every job that a stage names', () => {
    const { stages, ...rest } = load(readFileSync(join(root, path), 'utf8')) as {
      stages: Record<string, { jobs: string[] }>[];
    };
    const jobs = stages.flatMap(stage => Object.values(stage).flatMap(each => each.jobs));
    expect(Object.keys(rest)).toEqual(expect.arrayContaining(jobs));
  });
});
