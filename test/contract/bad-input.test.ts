// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { environmentName, inputNames } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { expectRefused, type Refusal, readOutputs, reportsOf, scratchLeft } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

const usage = { code: 'USAGE', exit: 2, remedy: /--help/ };
const invalid = { code: 'INPUT_INVALID', exit: 2, remedy: /Correct the value/ };
const unknown = { code: 'INPUT_UNKNOWN', exit: 2, remedy: /cinc-scan scan --help/ };
const config = { code: 'CONFIG_UNREADABLE', exit: 2, remedy: /YAML/ };

/** A scan that would work but for what is added. */
const scanArgs = (...more: string[]) => ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, ...more];

const manifest = 'name: p\nversion: 1.0.0\n';

describe('a command line that makes no sense is refused before anything is touched', () => {
  const lines: [name: string, args: string[], refusal: Refusal][] = [
    ['without a command', [], { ...usage, message: /no command/ }],
    ['with an unknown command', ['scna'], { ...usage, message: /unknown command 'scna'/ }],
    [
      'with an unknown option',
      ['scan', 'web', '--thresold', '1'],
      { ...usage, message: /unknown option '--thresold'/ },
    ],
    ['with an option without its value', ['scan', 'web', '--profile'], { ...usage, message: /--profile/ }],
    ['without a target', ['scan', '-p', 'profile'], { ...usage, message: /No target/ }],
    ['without a profile', ['scan', 'web'], { ...usage, message: /No profile/, remedy: /Pass --profile/ }],
  ];
  test.each(lines)('%s', async (_name, args, refusal) => {
    expectRefused(await cincScan(cluster, args), refusal);
  });

  test('and says so where it was told to, by whatever path', async () => {
    for (const out of ['elsewhere', join(cluster.folder, 'by-absolute-path')]) {
      const ran = await cincScan(cluster, scanArgs('-o', out, '--kubeconfig', 'not-there'));
      const outputs: unknown = JSON.parse(readFileSync(resolve(ran.cwd, out, 'outputs.json'), 'utf8'));
      expect(outputs).toMatchObject({ verdict: 'error', reason: 'KUBECONFIG_INVALID', 'exit-code': 2 });
    }
  });

  const said: [what: string, args: string[], env: Record<string, string>, reason: string][] = [
    ['a value that makes no sense', [], { CINC_SCAN_CONCURRENCY: 'x' }, 'INPUT_INVALID'],
    ['a variable that is no input', [], { CINC_SCAN_TRESHOLD: '80' }, 'INPUT_UNKNOWN'],
    ['a configuration file that is not there', [], { CINC_SCAN_CONFIG: 'nowhere.yml' }, 'CONFIG_UNREADABLE'],
    ['an unknown option', ['--thresold', '1'], {}, 'USAGE'],
    ['an option without its value', ['--threshold'], {}, 'USAGE'],
    ['a run id that is no label', ['--run-id', 'Build 1'], {}, 'INPUT_INVALID'],
  ];
  test.each(said)('and says so also with %s', async (...[, args, env, reason]) => {
    const outputs = { verdict: 'error', reason, 'exit-code': 2 };
    const flagged = await cincScan(cluster, scanArgs('-o', 'there', ...args), { env });
    expect(flagged.code).toBe(2);
    expect(JSON.parse(readFileSync(join(flagged.cwd, 'there/outputs.json'), 'utf8'))).toMatchObject(outputs);
    const run = args[0] === '--run-id' ? {} : { CINC_SCAN_RUN_ID: 'build-1' };
    const set = await cincScan(cluster, scanArgs(...args), { env: { ...env, ...run, CINC_SCAN_OUTPUT_DIR: 'here' } });
    const found: unknown = JSON.parse(readFileSync(join(set.cwd, 'here/outputs.json'), 'utf8'));
    expect(found).toMatchObject({ ...outputs, 'run-id': run.CINC_SCAN_RUN_ID ?? '' });
    // As every adapter goes on.
    const told = await cincScan(cluster, ['outputs', '--code', '2', '--as', 'json'], {
      cwd: set.cwd,
      env: { ...env, ...run, CINC_SCAN_OUTPUT_DIR: 'here' },
    });
    expect(JSON.parse(told.stdout)).toEqual(found);
  });

  test('where the configuration file says, with an error elsewhere in it', async () => {
    const cwd = folderWith(cluster, { 'cinc-scan.yml': 'output-dir: from-file\nconcurrency: many\n' });
    expect((await cincScan(cluster, scanArgs(), { cwd })).code).toBe(2);
    expect(JSON.parse(readFileSync(join(cwd, 'from-file/outputs.json'), 'utf8'))).toMatchObject({
      reason: 'INPUT_INVALID',
    });
  });

  test('a container that scans its own pod says so too, to whoever waits for its results', async () => {
    const cwd = folderWith(cluster, {});
    const ran = await cincScan(cluster, ['sidecar', 'run', '-c', 'app'], { cwd, env: { CINC_SCAN_CONCURRENCY: 'x' } });
    expect(ran.code).toBe(2);
    expect(readOutputs(ran)).toMatchObject({ verdict: 'error', reason: 'INPUT_INVALID', 'exit-code': 2 });
    expect(reportsOf(ran)).toContain('complete.json');
  });

  const values: [name: string, args: string[], message: RegExp][] = [
    ['a duration without a unit', ['--timeout', '5'], /--timeout: expected a duration with its unit.*got "5"/],
    ['a duration below its least', ['--duration', '5m'], /--duration: expected between 600s and 86400s/],
    ['a count out of range', ['--concurrency', '0'], /--concurrency: expected between 1 and 64/],
    ['a choice that is misspelt', ['--fail-on', 'hihg'], /--fail-on: expected .*"hihg"; did you mean high\?/],
    [
      'a kind that is misspelt',
      ['deploymnt/web'],
      /"deploymnt\/web" is not a selector.*; did you mean deployment\/web\?/,
    ],
    ['a choice that is none', ['--lens', 'telescope'], /--lens: expected one of auto, exec.*"telescope"/],
    ['an input without a value', ['--input', 'max_sessions'], /input: expected NAME=VALUE/],
    ['a namespace that leads elsewhere', ['-n', '../kube-system'], /namespace: expected .*"..\/kube-system"/],
    ['a container that is no name', ['-c', 'app/../x'], /container: expected .*"app\/..\/x"/],
    ['a run id that is no label', ['--run-id', 'Build 1'], /run-id: expected .*"Build 1"/],
    ['a report of an unknown kind', ['--report', 'pdf'], /pdf/],
    ['an input file that is not there', ['--input-file', 'nope.yml'], /input-file nope\.yml cannot be read/],
  ];
  test.each(values)('with %s', async (_name, args, message) => {
    expectRefused(await cincScan(cluster, scanArgs(...args)), { ...invalid, message, remedy: /\S/ });
  });

  test('with a selector that is none', async () => {
    const ran = await cincScan(cluster, ['scan', 'node/one', '-n', namespace, '-p', profiles.firstLook]);
    expectRefused(ran, { ...invalid, message: /"node\/one" is not a selector: expected a pod name/ });
  });

  test('and its error keeps its stack to itself unless --debug asks for it', async () => {
    const ran = await cincScan(cluster, ['scan', '--debug']);
    expect(ran.stderr).toMatch(/^cinc-scan: USAGE /);
    expect(ran.stderr).toMatch(/at .+:\d+:\d+/);
    expect(ran.code).toBe(2);
  });
});

describe('a configuration file that cannot be meant is refused', () => {
  const files: [name: string, text: string, refusal: Refusal][] = [
    ['with an unknown key', 'treshold: 90\n', { ...unknown, message: /cinc-scan\.yml.*"treshold".*threshold\?/ }],
    ['that is not YAML', 'profile: [a\nb: {', { ...config, message: /cinc-scan\.yml: / }],
    ['that is a list', '- profile\n', { ...config, message: /expected a mapping/ }],
    ['with a key twice', 'strict: true\nstrict: false\n', { ...config, message: /cinc-scan\.yml: .*duplicate/i }],
    ['with a flag that is a word', 'strict: maybe\n', { ...invalid, message: /strict in cinc-scan\.yml: .*"maybe"/ }],
    ['with a mapping for a text', 'context: {a: 1}\n', { ...invalid, message: /context in cinc-scan\.yml/ }],
  ];
  test.each(files)('%s', async (_name, text, refusal) => {
    expectRefused(
      await cincScan(cluster, scanArgs(), { cwd: folderWith(cluster, { 'cinc-scan.yml': text }) }),
      refusal,
    );
  });

  test('and one that was named and is not there', async () => {
    const ran = await cincScan(cluster, scanArgs('--config', 'elsewhere.yml'));
    expectRefused(ran, { ...config, message: /elsewhere\.yml.*no such file/ });
  });

  test('and so is a variable of ours that is no input', async () => {
    const ran = await cincScan(cluster, scanArgs(), { env: { CINC_SCAN_TRESHOLD: '90' } });
    expectRefused(ran, { ...unknown, message: /CINC_SCAN_TRESHOLD/ });
  });
});

describe('a profile that cannot be run is refused before anything is made in the cluster', () => {
  const broken: [name: string, files: Record<string, string>, refusal: Refusal][] = [
    [
      'that is not there',
      {},
      {
        code: 'PROFILE_MISSING',
        exit: 2,
        message: /There is no profile at .*\/p/,
        remedy: /directory with an inspec\.yml/,
      },
    ],
    [
      'without inspec.yml',
      { 'p/controls/a.rb': '' },
      { code: 'PROFILE_MISSING', exit: 2, message: /inspec\.yml/, remedy: /directory with an inspec\.yml/ },
    ],
    [
      'without a control',
      { 'p/inspec.yml': manifest, 'p/controls/a.rb': '# nothing yet\n' },
      { code: 'PROFILE_INVALID', exit: 2, message: /has no controls/, remedy: /cinc-auditor check/ },
    ],
    [
      'with malformed metadata',
      { 'p/inspec.yml': 'name: [p\n', 'p/controls/a.rb': '' },
      { code: 'PROFILE_INVALID', exit: 2, message: /Profile .*\/p cannot be read/, remedy: /cinc-auditor check/ },
    ],
    [
      'that is not Ruby',
      { 'p/inspec.yml': manifest, 'p/controls/a.rb': "control 'a' do\n" },
      { code: 'PROFILE_INVALID', exit: 2, message: /SyntaxError/, remedy: /cinc-auditor check/ },
    ],
    [
      'that is a file of something else',
      { p: 'no archive' },
      {
        code: 'PROFILE_INVALID',
        exit: 2,
        message: /Profile .*\/p: it is not an archive/,
        remedy: /cinc-auditor check/,
      },
    ],
  ];
  test.each(broken)('%s', async (_name, files, refusal) => {
    const cwd = folderWith(cluster, files);
    const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', join(cwd, 'p'), '-q'], { cwd });
    expectRefused(ran, refusal);
  });
});

describe('a gate that cannot judge is refused before anything is looked at', () => {
  const gates: [name: string, given: { args: string[]; files: Record<string, string> }, refusal: Refusal][] = [
    [
      'an unknown bound',
      { args: ['--threshold', 't.yml'], files: { 't.yml': 'compliance.minimum: 90\n' } },
      { code: 'THRESHOLD_INVALID', exit: 2, message: /t\.yml: .*compliance\.minimum/, remedy: /docs\/gate\.md/ },
    ],
    [
      'a threshold file that is not there',
      { args: ['--threshold', 'nope.yml'], files: {} },
      { code: 'THRESHOLD_INVALID', exit: 2, message: /threshold nope\.yml cannot be read/, remedy: /Check the path/ },
    ],
    [
      'a baseline that is no result',
      { args: ['--baseline', 'b.json'], files: { 'b.json': '{}' } },
      { code: 'BASELINE_INVALID', exit: 2, message: /baseline b\.json/, remedy: /result file/ },
    ],
    [
      'a waiver file that is not there',
      { args: ['--waivers', 'w.yml'], files: {} },
      { code: 'WAIVER_INVALID', exit: 2, message: /waivers w\.yml cannot be read/, remedy: /Check that the path/ },
    ],
    [
      'a waiver without a justification',
      { args: ['--waivers', 'w.yml'], files: { 'w.yml': 'file-setuid:\n  run: false\n' } },
      { code: 'WAIVER_INVALID', exit: 2, message: /file-setuid/, remedy: /justification/ },
    ],
  ];
  test.each(gates)('%s', async (_name, { args, files }, refusal) => {
    expectRefused(await cincScan(cluster, scanArgs('-q', ...args), { cwd: folderWith(cluster, files) }), {
      ...refusal,
      remedy: /\S/,
    });
  });
});

describe('a folder for reports that cannot be written', () => {
  test('is refused before anything is looked at', async () => {
    const cwd = folderWith(cluster, { taken: 'a file' });
    const ran = await cincScan(cluster, scanArgs('-q', '-o', 'taken/out'), { cwd });
    expectRefused(ran, { code: 'OUTPUT_UNWRITABLE', exit: 2, message: /taken/, remedy: /writable/ });
  });

  test('outputs of a refused run say why, for the next step of a pipeline', async () => {
    const ran = await cincScan(cluster, scanArgs('-q', '-p', '/nonexistent', '--run-id', 'build-7'));
    expect(readOutputs(ran)).toEqual({
      verdict: 'error',
      reason: 'PROFILE_MISSING',
      'exit-code': 2,
      compliance: null,
      counts: null,
      'targets-json': [],
      'sources-json': [],
      'findings-json': null,
      'run-id': 'build-7',
    });
  });
});

describe('a variable that is blank is not set', () => {
  // Adapters hand on every input, empty where the user gave none.
  const names = [...inputNames.map(environmentName), 'CINC_SCAN_CONFIG', 'CINC_SCAN_VERSION', 'CINC_SCAN_LATER'];

  test.each([
    ['empty', ''],
    ['a blank', ' '],
    ['a new line', '\n'],
  ])('%s, all of them at once', async (_what, blank) => {
    const env = Object.fromEntries(names.map(name => [name, blank]));
    const cwd = folderWith(cluster, { 'cinc-scan.yml': `namespace: ${namespace}\n` });
    const args = ['scan', 'web', '-p', profiles.firstLook, '--dry-run'];
    const ran = await cincScan(cluster, args, { cwd, env: { ...env, CINC_SCAN_CACHE: blank } });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain(`${namespace}/web/app`);
    const swept = await cincScan(cluster, ['sweep', '--run', 'build-1'], { cwd, env });
    expect(swept).toMatchObject({ code: 0 });
  });
});
