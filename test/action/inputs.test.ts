// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { githubInputs, type Input, inputs } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ActionUse, type Ended, type Step } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'good', namespace, containers: { app: 'busybox' } });
});
afterAll(() => cluster.close());

const main = (inputsOfStep: Record<string, string>, step: Step = {}) =>
  new ActionUse(cluster, place, {
    ...step,
    inputs: { targets: 'good', profile: profiles.firstLook, namespace, ...inputsOfStep },
  }).main();

/** One error that names the input, before the cluster heard anything. */
function expectRefused(ended: Ended, message: RegExp): void {
  const errors = ended.commands.filter(({ name }) => name === 'error');
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toMatch(message);
  expect(ended.code).toBe(2);
  expect(ended.outputs).toMatchObject({ verdict: 'error', 'exit-code': '2', compliance: '', 'targets-json': '[]' });
  expect(ended.outputs['reason']).toMatch(/^[A-Z_]+$/);
  expect(ended.summary).toContain('Nothing was judged');
  expect(ended.raw).not.toMatch(/^\s+at .+:\d+:\d+/m);
  expect(cluster.embedded?.requests.all() ?? []).toEqual([]);
}

const wrong: Partial<Record<Input['type'], [value: string, expected: string]>> = {
  flag: ['yes', 'expected true or false, got "yes"'],
  choice: ['sometimes', 'expected one of .*, got "sometimes"'],
  duration: ['15', 'expected a duration with its unit, .* got "15"'],
  count: ['many', 'expected a whole number, got "many"'],
};

const malformed = Object.entries<Input>({ ...inputs, ...githubInputs }).flatMap(([name, { type }]) => {
  const found = wrong[type];
  return found === undefined ? [] : [[name, ...found] as const];
});

test.each(malformed)('%s: %s is refused with what was expected', async (name, value, expected) => {
  cluster.embedded?.requests.clear();
  expectRefused(await main({ [name]: value }), new RegExp(`^${name}: ${expected}`));
});

const single: [what: string, given: Record<string, string>, message: RegExp][] = [
  ['an input that does not exist', { 'fail-onn': 'high' }, /no input "fail-onn"; did you mean fail-on\?/],
  ['no target', { targets: '' }, /No target was named/],
  ['no profile', { profile: '' }, /No profile was named/],
  ['a profile that is not there', { profile: './nowhere' }, /nowhere/],
  ['a threshold that is none', { threshold: 'complience: { min: 90 }' }, /complience/],
  ['a threshold file that is not there', { threshold: './threshold.yml' }, /threshold \.\/threshold\.yml/],
  ['a report that does not exist', { reports: 'pdf' }, /reports: unknown report "pdf"/],
  ['a run id that no object can bear', { 'run-id': 'Build 1' }, /run-id: expected up to 40 lower-case letters/],
  [
    'a request document that is not there',
    { targets: '', profile: '', namespace: '', request: 'r.json' },
    /r\.json cannot be read/,
  ],
  ['two who sign in', { audience: 'cluster', token: 'abcdefghij' }, /audience and token are mutually exclusive/],
  [
    'a kubeconfig that is not there',
    { kubeconfig: './kubeconfig' },
    /kubeconfig: ".\/kubeconfig" does not exist[^]*pass kubeconfig and context;/,
  ],
  [
    'an engine package without its digest',
    { 'engine-url': 'https://example.org/a.deb' },
    /engine-url and engine-sha256/,
  ],
];

test.each(single)('%s is refused', async (_what, given, message) => {
  cluster.embedded?.requests.clear();
  expectRefused(await main(given), message);
});

test.each([
  ['an input that does not exist', { 'fail-onn': 'high' }, {}],
  ['a value that makes no sense', { concurrency: 'many' }, {}],
  ['a configuration file that is not there', {}, { CINC_SCAN_CONFIG: 'nowhere.yml' }],
])('outputs.json is written also with %s', async (_what, given, env) => {
  const step = { env: { ...env, CINC_SCAN_CACHE: '' } };
  const { code, workspace } = await main({ ...given, 'output-dir': 'there', 'run-id': 'build-1' }, step);
  expect(code).toBe(2);
  const outputs: unknown = JSON.parse(readFileSync(join(workspace, 'there/outputs.json'), 'utf8'));
  expect(outputs).toMatchObject({ verdict: 'error', 'exit-code': 2, 'run-id': 'build-1' });
});

test('an input of hostile text reaches no shell and no command of the runner', async () => {
  const hostile = '$(touch pwned)`touch pwned`;touch pwned\n::set-output name=a::b\n::error::gotcha';
  const ended = await main({ targets: hostile });
  expect(ended.commands.filter(({ name, message }) => name === 'set-output' || message === 'gotcha')).toEqual([]);
  expect(ended.code).toBe(2);
});

test('Windows runners are told at once, and why', async () => {
  const script = "Object.defineProperty(process, 'platform', { value: 'win32' })";
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
  const ended = await main({}, { env });
  expectRefused(ended, /Windows runners are not supported: the engine forks/);
});

test('a variable that is blank is not set', async () => {
  const ended = await main({ 'dry-run': 'true' }, { env: { CINC_SCAN_CONFIG: '', CINC_SCAN_LENS: ' ' } });
  expect(ended.code).toBe(0);
});
