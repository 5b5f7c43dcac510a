// SPDX-License-Identifier: Apache-2.0
// The orb's steps are unfolded as CircleCI does it, and run by bash. The service itself was never asked.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { type Adapter, testContract } from './support/contract.ts';
import type { Given } from './support/endings.ts';
import { readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testRealServer } from './support/real-server.ts';
import { schemaProblems, testValid } from './support/schemas.ts';
import { bash, testShell } from './support/shell.ts';

interface Run {
  name: string;
  command: string;
  when?: string;
  environment?: Record<string, string>;
}
type Step = string | Record<string, Record<string, string> & Partial<Run>>;
interface Piece {
  parameters?: Record<string, { default?: string; type: string }>;
  steps: Step[];
}
interface Orb {
  commands: Record<string, Piece>;
  jobs: Record<string, Piece>;
}

const path = 'packages/adapters/circleci/orb.yml';
const orb = load(readFileSync(join(root, path), 'utf8')) as Orb;

const substitute = (value: unknown, given: Record<string, string>): unknown =>
  typeof value === 'string'
    ? value.replaceAll(/<<\s*parameters\.([\w-]+)\s*>>/g, (_, name: string) => {
        if (given[name] === undefined) throw new Error(`undeclared or missing parameter ${name}`);
        return given[name];
      })
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, substitute(each, given)]))
      : value;

/** The steps with commands replaced by theirs, and parameters by values. */
function unfold({ parameters = {}, steps }: Piece, given: Record<string, string>): [string, unknown][] {
  const unknown = Object.keys(given).filter(name => parameters[name] === undefined);
  if (unknown.length > 0) throw new Error(`unknown parameters ${unknown.join(', ')}`);
  const values = {
    ...Object.fromEntries(Object.entries(parameters).map(([name, each]) => [name, each.default ?? ''])),
    ...given,
  };
  return steps.flatMap((step): [string, unknown][] => {
    if (typeof step === 'string') return [[step, {}]];
    const [name = '', body] = Object.entries(step)[0] ?? [];
    const command = orb.commands[name];
    const filled = substitute(body, values) as Record<string, string>;
    return command === undefined ? [[name, filled]] : unfold(command, filled);
  });
}

// `context` is CircleCI's own key where a workflow calls a job.
const asParameters = (given: Given): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name === 'context' ? 'kube-context' : name, value ?? '']),
  );

const adapter: Adapter = {
  async run({ folder, path: search, given, env }) {
    mkdirSync(folder, { recursive: true });
    const environment = join(folder, '..', 'bash-env');
    const steps = unfold(orb.jobs['scan'] ?? { steps: [] }, { image: 'x', ...asParameters(given) });
    let [state, text] = ['success', ''];
    for (const [name, body] of steps) {
      const step = body as Run;
      if (name !== 'run' || (state === 'failed' && step.when !== 'always')) continue;
      const ran = await bash(step.command, {
        cwd: folder,
        env: {
          PATH: search,
          BASH_ENV: environment,
          CIRCLE_WORKFLOW_JOB_ID: '6e1f4f5a-2c1d-4e52-9f0a-0b8a0e6c7d11',
          ...env,
          ...step.environment,
        },
      });
      text += ran.text;
      if (ran.code !== 0) state = 'failed';
    }
    const told = existsSync(environment) ? readFileSync(environment, 'utf8') : '';
    return { state, text, outputs: readLines(told, /^export CINC_(\w+)='(.*)'$/gm) };
  },
  state: ({ exit }) => (exit === 0 ? 'success' : 'failed'),
  defaults: {
    reports: 'hdf,markdown,html,junit',
    'findings-reports': 'html,markdown,junit',
    'output-dir': 'cinc-scan-results',
  },
};

testContract('CircleCI', adapter);
testRealScan('circleci', adapter);
testRealServer('circleci', {
  adapter,
  audience: 'organization-of-the-test',
  environment: async token => ({ CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: await token() }),
});
testHostileValues('circleci', adapter);

testValid(path, schemaProblems('orb'), [
  ['a section that is no section', 'commands:', 'comands:'],
  ['a type that is no type', 'type: env_var_name', 'type: envvar'],
  ['an enum without its list', /^ +enum:\n(?: +- .*\n)+/m, ''],
  ['a default that is no text', "default: ''", 'default: 5'],
  ['a step without a command', 'command:', 'comand:'],
  ['another version', 'version: 2.1', 'version: 2'],
]);

describe('the orb', () => {
  const commands = [orb.commands, orb.jobs]
    .flatMap(Object.values<Piece>)
    .flatMap(({ steps }) =>
      steps.flatMap(step => (typeof step === 'object' && step['run'] ? [step['run'] as unknown as Run] : [])),
    );

  testShell(
    commands.map(({ name, command }) => [name, command]),
    'bash',
  );

  test('pastes no parameter into a command', () => {
    expect(commands.length).toBeGreaterThan(3);
    for (const { command } of commands) expect(command).not.toMatch(/<</);
  });

  test('offers no parameter under a key of workflows', () => {
    const reserved = ['name', 'type', 'requires', 'filters', 'matrix', 'context'];
    expect(Object.keys(orb.jobs['scan']?.parameters ?? {}).filter(name => reserved.includes(name))).toEqual([]);
  });

  test('stores results whatever the scan ended with', () => {
    const names = unfold(orb.jobs['scan'] ?? { steps: [] }, { image: 'x' }).map(([name]) => name);
    expect(names).toEqual(['checkout', 'run', 'run', 'run', 'store_test_results', 'store_artifacts']);
  });
});
