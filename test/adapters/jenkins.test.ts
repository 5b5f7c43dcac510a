// SPDX-License-Identifier: Apache-2.0
// The step runs under Groovy, with Jenkins' own steps played. That proves neither continuations nor the sandbox.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { type Adapter, type Place, secret, testContract } from './support/contract.ts';
import type { EndingName } from './support/endings.ts';
import { finish } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testRealConsolidation } from './support/real-consolidation.ts';
import { testRealServer } from './support/real-server.ts';
import { makeRecorder } from './support/recorder.ts';

const step = join(root, 'packages/adapters/jenkins/vars/cincScan.groovy');
const driver = join(root, 'test/adapters/support/jenkins.groovy');

interface Seen {
  result: string;
  message?: string;
  problem?: string;
  text: string;
  credentials?: string[];
  steps: { name: string; detail: Record<string, unknown> | string }[];
  returned?: Record<string, unknown>;
}

const camel = (name: string) => name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function runStep({ folder, path, given, env }: Place, more: Record<string, unknown> = {}): Promise<Seen> {
  const { config = {}, ...orders } = more;
  mkdirSync(folder, { recursive: true });
  const inputs = Object.fromEntries(Object.entries(given).map(([name, value]) => [camel(name), value]));
  const file = join(folder, '..', 'orders.json');
  const { CINC_SCAN_TOKEN: token, CINC_SCAN_ID_TOKEN: idToken } = env;
  const secrets = { 'the-token': token, 'the-id-token': idToken };
  const ids = idToken === undefined ? { tokenCredentialsId: 'the-token' } : { idTokenCredentialsId: 'the-id-token' };
  const all = {
    folder,
    env: { PATH: path },
    secrets,
    config: { ...inputs, ...ids, ...(config as object) },
    ...orders,
  };
  writeFileSync(file, JSON.stringify(all));
  const { text } = await finish('groovy', [driver, step, file], { cwd: folder });
  const found = /^RESULT (.*)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error(text);
  return JSON.parse(found) as Seen;
}

/** What is known after the step: what it returned, or what its last word said. */
const outputsOf = ({ returned, message }: Seen): Record<string, string> =>
  returned === undefined
    ? { verdict: /cinc-scan: (\w+) /.exec(message ?? '')?.[1] ?? '' }
    : Object.fromEntries(Object.entries(returned).map(([name, value]) => [name, String(value)]));

const adapter: Adapter = {
  async run(place) {
    const seen = await runStep(place);
    return { state: seen.result, text: seen.text + (seen.problem ?? ''), outputs: outputsOf(seen) };
  },
  state: ({ exit }) => (exit === 0 ? 'SUCCESS' : exit === 3 ? 'UNSTABLE' : 'FAILURE'),
  defaults: {
    reports: 'hdf,markdown,html,junit,sarif',
    'findings-reports': 'html,markdown,junit,sarif',
    'output-dir': 'cinc-scan-results',
  },
};

testContract('Jenkins', adapter);
testRealScan('jenkins', adapter);
testRealConsolidation('jenkins', adapter);
testRealServer('jenkins', { adapter, environment: async token => ({ CINC_SCAN_ID_TOKEN: await token() }) });
testHostileValues('jenkins', adapter);

describe('the Jenkins step', () => {
  const run = async (name: EndingName, given: Record<string, string>, more: Record<string, unknown> = {}) => {
    using place = temporaryFolder();
    const { path, calls } = makeRecorder(place.path, name);
    const seen = await runStep(
      { folder: join(place.path, 'work'), path, given, env: { CINC_SCAN_TOKEN: secret } },
      more,
    );
    return { seen, calls: calls() };
  };
  const stepNames = ({ steps }: Seen) => steps.map(({ name }) => name);

  test('publishes JUnit, artifacts, SARIF and the page, in this order', async () => {
    const { seen } = await run('below the threshold', { targets: 'web' });
    expect(stepNames(seen)).toEqual(['sh', 'sh', 'junit', 'archiveArtifacts', 'recordIssues', 'publishHTML']);
    expect(seen.steps[2]?.detail).toMatchObject({
      skipMarkingBuildUnstable: true,
      testResults: 'cinc-scan-results/junit.xml',
    });
  });

  test('does without plugins that are missing, and lets no broken one change the result', async () => {
    const { seen } = await run(
      'pass',
      { targets: 'web' },
      { missing: ['recordIssues', 'publishHTML'], broken: ['junit'] },
    );
    expect(seen.result).toBe('SUCCESS');
    expect(seen.text).toMatch(/no report for Warnings NG, since its plugin is not installed/);
    expect(seen.text).toMatch(/JUnit took no report/);
    expect(stepNames(seen)).toContain('archiveArtifacts');
  });

  test('fails the build below the threshold where it was asked to', async () => {
    const { seen } = await run('below the threshold', { targets: 'web' }, { config: { failBuild: true } });
    expect(seen.result).toBe('FAILURE');
  });

  test('refuses options that it does not know before anything else', async () => {
    const { seen, calls } = await run('pass', { targets: 'web', treshold: '80' });
    expect(seen).toMatchObject({ result: 'FAILURE', message: 'cincScan has no option treshold' });
    expect(calls).toEqual([]);
  });

  test('sweeps after an abort, and stays aborted', async () => {
    const { seen, calls } = await run('pass', { targets: 'web' }, { abort: true });
    expect(seen.result).toBe('ABORTED');
    expect(calls.map(({ args }) => args[0])).toEqual(['sweep']);
  });

  test('scans targets in branches, each with a run and a folder of its own', async () => {
    const { seen, calls } = await run('below the threshold', { targets: 'a\nb' }, { config: { parallel: true } });
    expect(seen).toMatchObject({ result: 'UNSTABLE' });
    const scans = calls.filter(({ args }) => args[0] === 'scan').map(({ env }) => env);
    expect(scans.map(env => env['CINC_SCAN_TARGETS'])).toEqual(expect.arrayContaining(['a', 'b']));
    expect(new Set(scans.map(env => env['CINC_SCAN_RUN_ID'])).size).toBe(2);
    expect(scans.map(env => env['CINC_SCAN_OUTPUT_DIR'])).toEqual(
      expect.arrayContaining(['cinc-scan-results/0', 'cinc-scan-results/1']),
    );
    expect(calls.filter(({ args }) => args[0] === 'sweep')).toHaveLength(2);
  });

  test('binds credentials to the variables of secrets, and pastes none into a script', async () => {
    const { seen } = await run('pass', { targets: 'web' });
    expect(seen.credentials).toEqual(['CINC_SCAN_TOKEN']);
    expect(JSON.stringify(seen.steps)).not.toContain(secret);
  });

  test('holds nothing that continuations or the sandbox forbid', () => {
    const text = readFileSync(step, 'utf8');
    for (const forbidden of [
      /@NonCPS/,
      /JsonSlurper/,
      /=~|==~/,
      /\bstatic\b/,
      /\.(each|collect|sort|find|any)\b/,
      /"""/,
    ])
      expect(text).not.toMatch(forbidden);
    expect(text.match(/script: (?!INSTALL|SCAN|SWEEP)/)).toBeNull();
  });

  test('does not run where a brace is missing, which the same Groovy refuses', async () => {
    using place = temporaryFolder();
    const broken = join(place.path, 'cincScan.groovy');
    writeFileSync(
      broken,
      readFileSync(step, 'utf8').replace('private void conclude(Map result, Map config) {', 'private void conclude('),
    );
    writeFileSync(join(place.path, 'orders.json'), JSON.stringify({ config: {} }));
    const { code } = await finish('groovy', [driver, broken, join(place.path, 'orders.json')], { cwd: place.path });
    expect(code).not.toBe(0);
  });
});
