// SPDX-License-Identifier: Apache-2.0
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { runCli } from '../cli.ts';
import { teamcityWord } from './renderings.ts';

const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (args: string[], env: Record<string, string> = {}) => {
  let [stdout, stderr] = ['', ''];
  const code = await runCli(['outputs', ...args], {
    environment: { HOME: folder, ...env },
    cwd: folder,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    signals: new EventEmitter(),
  });
  return { code, stdout, stderr };
};

const outputs = {
  verdict: 'fail',
  reason: 'below-threshold',
  'exit-code': 3,
  compliance: 66.66,
  counts: { failed: 1 },
  'targets-json': [{ name: "it's" }],
  'run-id': 'build-7',
  'report-junit-gate': 'cinc-scan-results/junit-gate.xml',
};
const leave = (text: string, where = 'cinc-scan-results') => {
  mkdirSync(join(folder, where), { recursive: true });
  writeFileSync(join(folder, where, 'outputs.json'), text);
};
beforeEach(() => leave(JSON.stringify(outputs)));

describe('cinc-scan outputs', () => {
  test('ends as the scan did', async () => {
    expect((await run(['--code', '3'])).code).toBe(3);
    expect((await run([])).code).toBe(3);
  });

  test.each([
    ['of another end', '0', {}, 5],
    ['of another run', '3', { CINC_SCAN_RUN_ID: 'build-8' }, 5],
    ['of a crash', '1', {}, 5],
    ['of a kill', '137', {}, 5],
    ['of a cancelled run', '143', {}, 143],
    ['of a usage error', '2', {}, 2],
  ])('takes no outputs %s', async (...[, code, env, exit]) => {
    const ran = await run(['--code', code], env);
    expect(ran.code).toBe(exit);
    expect(JSON.parse(ran.stdout)).toMatchObject({ verdict: 'error', 'exit-code': exit });
  });

  test.each(['', '{', '[]', '{"verdict":"pass","exit-code":3}', '{"verdict":"pass"}', 'null'])(
    'takes no file that says %j',
    async text => {
      leave(text);
      expect((await run(['--code', '3'])).code).toBe(5);
      expect((await run([])).code).toBe(5);
    },
  );

  test('looks where the scan wrote, even where other inputs make no sense', async () => {
    leave(JSON.stringify({ ...outputs, 'exit-code': 0, verdict: 'pass' }), 'elsewhere');
    expect((await run(['--code', '0', '-o', 'elsewhere'])).code).toBe(0);
    const env = { CINC_SCAN_OUTPUT_DIR: 'elsewhere' };
    expect((await run(['--code', '0'], env)).code).toBe(0);
    expect((await run(['--code', '0'], { ...env, CINC_SCAN_TIMEOUT: 'long' })).code).toBe(0);
  });

  test('writes NAME=value lines of what fits one', async () => {
    expect((await run(['--as', 'env'])).stdout).toBe(
      [
        'CINC_VERDICT=fail',
        'CINC_REASON=below-threshold',
        'CINC_EXIT_CODE=3',
        'CINC_COMPLIANCE=66.66',
        'CINC_RUN_ID=build-7',
        'CINC_REPORT_JUNIT_GATE=cinc-scan-results/junit-gate.xml\n',
      ].join('\n'),
    );
  });

  test('writes exports that a shell reads back', async () => {
    expect((await run(['--as', 'shell'])).stdout).toContain(`export CINC_TARGETS_JSON='[{"name":"it'\\''s"}]'\n`);
  });

  test('writes service messages, a problem for what failed', async () => {
    const { stdout } = await run(['--as', 'teamcity']);
    expect(stdout).toContain("##teamcity[setParameter name='cinc.verdict' value='fail']");
    expect(stdout).toContain("##teamcity[importData type='junit' path='cinc-scan-results/junit-gate.xml']");
    expect(stdout).toMatch(
      /##teamcity\[buildProblem description='cinc-scan: fail \(below-threshold, .*' identity='cinc-scan'\]/,
    );
  });

  test('writes properties, and JSON for what those cannot hold', async () => {
    const { stdout } = await run(['--as', 'spinnaker']);
    expect(stdout).toMatch(/^SPINNAKER_PROPERTY_VERDICT=fail$/m);
    expect(JSON.parse(/^SPINNAKER_CONFIG_JSON=(.*)$/m.exec(stdout)?.[1] ?? '')).toEqual({ cincScan: outputs });
  });

  test('writes one file for each output', async () => {
    const to = join(folder, 'files');
    mkdirSync(to);
    await run(['--as', 'files', '--to', to]);
    expect(readdirSync(to).toSorted()).toEqual(Object.keys(outputs).toSorted());
    expect(readFileSync(join(to, 'verdict'), 'utf8')).toBe('fail');
    expect((await run(['--as', 'files'])).code).toBe(2);
  });

  test('asks what was meant by a form that there is not', async () => {
    const { code, stderr } = await run(['--as', 'spinaker']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--as: expected one of json, .*, got "spinaker"; did you mean spinnaker\?/);
  });

  test.each([
    ['--as', 'xml'],
    ['--code', 'x'],
  ])('refuses %s %s', async (flag, value) => {
    expect((await run([flag, value])).code).toBe(2);
  });
});

test('no raw bracket, quote or line break is left in a service message', () => {
  assert(
    property(string({ unit: 'grapheme' }), text => {
      const word = teamcityWord(text);
      expect(word.replaceAll(/\|[|'[\]nr]|\|0x[0-9a-f]{4}/g, '')).not.toMatch(/[|'[\]\n\r]|[^\x20-\x7e]/);
    }),
  );
});
