// SPDX-License-Identifier: Apache-2.0
// A request as a document: written in one place, run in another where none of its files are.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  cincScan,
  profiles,
  program,
  readHdf,
  readScanJson,
  root,
  startProgram,
  type Transcript,
} from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
let namespace = '';
let document = '';
let direct: Transcript;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian', side: 'busybox' } });
  const cwd = folderWith(cluster, {
    'w.yml': 'file-setuid: {run: true, justification: known, target: {container: app}}\n',
    't.yml':
      'default: {compliance: {min: 50}}\ntargets:\n- match: {container: side}\n  threshold: {compliance: {min: 0}}\n',
    'i.yml': 'unused: 1\n',
    'cinc-scan.yml': 'profile: profile\nper-target:\n- match: {namespace: elsewhere}\n  profile: profile\n',
  });
  cpSync(profiles.firstLook, join(cwd, 'profile'), { recursive: true });
  const args = [
    'scan',
    'web',
    '-n',
    namespace,
    '--all-containers',
    '--waivers',
    'w.yml',
    '--threshold',
    't.yml',
    '--input-file',
    'i.yml',
  ];
  const first = await cincScan(cluster, args, { cwd });
  cpSync(join(cwd, 'cinc-scan-results'), join(cwd, 'before'), { recursive: true });
  const more = ['--baseline', 'before', '--run-id', 'one'];
  direct = await cincScan(cluster, [...args, ...more], { cwd: copyOf(cwd) });
  expect([first.code, direct.code]).toEqual([0, 0]);
  document = (await cincScan(cluster, [...args, ...more, '--print-request'], { cwd })).stdout;
  rmSync(cwd, { recursive: true });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

function copyOf(folder: string): string {
  const copy = folderWith(cluster, {});
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** Status of each control of each target, and what was made of it. */
function outcomeOf(ran: Transcript) {
  const statuses = [...readHdf(ran)].map(([name, { profiles: all }]) => [
    name,
    all.flatMap(({ controls }) => controls.map(({ id, results }) => [id, results.map(({ status }) => status)])),
  ]);
  const { exitCode, warnings, targets } = readScanJson(ran);
  return { statuses, exitCode, warnings, targets: targets.map(({ name, outcome }) => ({ name, outcome })) };
}

const runIt = (name: string, args: string[] = []) => {
  const cwd = folderWith(cluster, { [name]: document });
  return cincScan(cluster, ['scan', '-f', name, ...args], { cwd });
};

describe('a request document', () => {
  test('gives the same as the flags it was made of, without any of their files', async () => {
    const ran = await runIt('request.json', ['--run-id', 'two']);
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' });
    expect(outcomeOf(ran)).toEqual(outcomeOf(direct));
  });

  test('calls profiles and files by its own names, not by where they lie while it runs', async () => {
    const ran = await runIt('request.json');
    const manifest = readFileSync(join(ran.cwd, 'cinc-scan-results/scan.json'), 'utf8');
    expect(manifest).not.toContain(cluster.folder);
    expect(JSON.parse(manifest)).toMatchObject({
      profiles: [{ name: 'first-look', source: 'profile' }],
      gate: { source: expect.stringMatching(/^t\.yml/) },
      request: { waivers: ['w.yml'], threshold: 't.yml', profile: ['profile'] },
    });
  });

  test('fits the published schema, which refuses what the command refuses', () => {
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(join(root, 'docs/schemas/request.schema.json'), 'utf8')) as object,
    );
    const given = JSON.parse(document) as object;
    expect(validate(given) ? [] : validate.errors).toEqual([]);
    for (const more of [{ token: 'a' }, { waivers: ['w.yml'] }, { treshold: '1' }, { apiVersion: 'cinc-scan.dev/v2' }])
      expect(validate({ ...given, ...more })).toBe(false);
  });

  test('is taken from standard input', async () => {
    const cwd = folderWith(cluster, { 'r.yml': document });
    const words = ['sh', '-c', 'cat r.yml | "$0" "$@"', ...program, 'scan', '-f', '-', '--dry-run'];
    const { code, stdout } = await startProgram(cluster, words, { cwd }).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Would audit 2 containers') });
  });

  test('opens none of its files where files of their names lie', async () => {
    const broken = Object.fromEntries(['w.yml', 't.yml', 'i.yml', 'profile', 'baseline'].map(name => [name, '{']));
    const cwd = folderWith(cluster, { ...broken, 'r.json': document });
    const { code, stdout } = await cincScan(cluster, ['scan', '-f', 'r.json', '--dry-run'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('Would audit 2 containers') });
  });

  test('holds no secret, no path and nothing of whoever runs it', () => {
    const { baseline, ...own } = JSON.parse(document) as Record<string, unknown>;
    expect(baseline).toBeDefined(); // which says, as the auditor's results do, where a profile lay
    expect(JSON.stringify(own)).not.toContain(cluster.folder);
    expect(Object.keys(own).filter(key => /kubeconfig|token|output|run-id|log/.test(key))).toEqual([]);
  });

  const mixed: [what: string, args: string[], env: Record<string, string>, why: RegExp][] = [
    ['a target', ['web'], {}, /A target cannot be combined with a request document/],
    ['a flag', ['--lens', 'exec'], {}, /--lens cannot be combined with a request document/],
    ['a variable', [], { CINC_SCAN_FAIL_ON: 'high' }, /CINC_SCAN_FAIL_ON cannot be combined with a request document/],
    ['a configuration file', ['--config', 'c.yml'], {}, /--config cannot be combined with a request document/],
  ];
  test.each(mixed)('is not mixed with %s', async (...[, args, env, why]) => {
    const cwd = folderWith(cluster, { 'request.json': document });
    const { code, stderr } = await cincScan(cluster, ['scan', '-f', 'request.json', ...args], { cwd, env });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(why) });
  });

  test('that is broken is refused by name, and nothing is touched', async () => {
    const cwd = folderWith(cluster, {});
    writeFileSync(join(cwd, 'r.json'), document.replace('cinc-scan.dev/v1', 'cinc-scan.dev/v3'));
    const newer = await cincScan(cluster, ['scan', '-f', 'r.json'], { cwd });
    const absent = await cincScan(cluster, ['scan', '-f', 'none.json'], { cwd });
    expect([newer, absent].map(({ code, stderr }) => [code, stderr])).toEqual([
      [2, expect.stringMatching(/REQUEST_INVALID r\.json: it is made for a newer version/)],
      [2, expect.stringMatching(/REQUEST_INVALID none\.json cannot be read: there is no such file/)],
    ]);
  });
});
