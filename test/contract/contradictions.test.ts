// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { commandHere, gateFixtures } from '../support/command.ts';

describe('options that contradict each other', () => {
  const scan = ['scan', 'web', '-n', 'shop', '-p', './profile'];
  const refused: [args: string[], message: RegExp, env?: Record<string, string>][] = [
    [[...scan, '-c', 'db', '--all-containers'], /container \(db\) and all-containers contradict each other/],
    [['grant', 'web', '-n', 'shop', '-c', 'db', '--all-containers'], /contradict each other/],
    [[...scan, '-c', 'db'], /contradict each other/, { CINC_SCAN_ALL_CONTAINERS: 'true' }],
    [[...scan, '-q', '-v'], /--quiet and --verbose contradict each other/],
    [[...scan, '-q', '--debug'], /--quiet and --debug contradict each other/],
    [[...scan, '-v', '--log-level', 'quiet'], /--verbose and --log-level "quiet" contradict each other/],
    [['report', '-i', join(gateFixtures, 'mix.json'), '-q', '-v'], /contradict each other/],
  ];
  test.each(refused)('%j are refused', async (args, message, env = {}) => {
    const { code, stderr } = await commandHere(args, { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('the same level said twice is one', async () => {
    const { stderr } = await commandHere(['report', '-i', 'nothing.json', '-q', '--log-level', 'quiet']);
    expect(stderr).not.toContain('contradict');
  });
});

describe('cinc-scan report', () => {
  const empty = JSON.stringify({
    platform: { name: 'redhat', release: '8' },
    version: '5.22.0',
    statistics: {},
    profiles: [{ name: 'wrapper', sha256: 'w', supports: [], attributes: [], groups: [], controls: [] }],
  });

  test.each([[[]], [['-q']], [['--report', 'markdown']]])('tells why it ends with 2, with %j too', async more => {
    const { path, done } = temporary(empty);
    const { code, stderr } = await commandHere(['report', '-i', path, ...more, '-o', `${path}.out`]);
    done();
    expect(code).toBe(2);
    expect(stderr).toMatch(/nothing-checked: .*wrapper[\s\S]*cinc-scan: ERROR \(exit 2\)/);
  });

  test('tells which bound is not met, in JSON too', async () => {
    const { path, done } = temporary(undefined);
    const args = ['report', '-i', join(gateFixtures, 'mix.json'), '--fail-on', 'low', '-q', '-o', path];
    const text = await commandHere(args);
    const json = await commandHere(args, { env: { CINC_SCAN_LOG_FORMAT: 'json' } });
    done();
    expect([text.code, json.code]).toEqual([3, 3]);
    expect(text.stderr).toMatch(/expected .*got .*\n.*FAIL \(exit 3\)/);
    expect(JSON.parse(json.stderr)).toMatchObject({ event: 'why', verdict: 'fail', exitCode: 3 });
  });

  test('without a threshold does not speak of report-only, which nobody asked for', async () => {
    const { stdout } = await commandHere(['report', '-i', join(gateFixtures, 'mix.json'), '--report', 'console:-']);
    expect(stdout).toMatch(/FAIL \(exit 0\): .*; no threshold was given, so the exit code is 0/);
    const asked = await commandHere([
      'report',
      '-i',
      join(gateFixtures, 'mix.json'),
      '--fail-on',
      'low',
      '--report-only',
      '--report',
      'console:-',
    ]);
    expect(asked.stdout).toContain('report-only makes the exit code 0');
  });
});

function temporary(text: string | undefined): { path: string; done: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-sinks-'));
  const path = join(folder, 'results.json');
  if (text !== undefined) writeFileSync(path, text);
  return { path, done: () => rmSync(folder, { recursive: true }) };
}
