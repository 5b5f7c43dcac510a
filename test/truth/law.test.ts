// SPDX-License-Identifier: Apache-2.0
// Nothing ends with 0 without having looked, under whatever gate. Every scan of every suite that ends with 0 is held against
// the law besides (test/support/law.ts); the last tests here make sure that this judge objects where it has to.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { objections } from '../support/law.ts';

const cluster = await openTestCluster();
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  for (const name of ['one', 'other']) await createPod(cluster.api, { name, namespace, containers: { app: 'debian' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

function profile(name: string, controls: string): string {
  const place = join(cluster.folder, 'profiles', name);
  mkdirSync(join(place, 'controls'), { recursive: true });
  writeFileSync(join(place, 'inspec.yml'), `name: ${name}\nversion: 1.0.0\n`);
  writeFileSync(join(place, 'controls/all.rb'), controls);
  return place;
}

const control = (id: string, body: string, impact = 1) => `control '${id}' do\n  impact ${impact}\n  ${body}\nend\n`;
const passes = control('passes', "describe(file('/etc/passwd')) { it { should exist } }");
const raises = (id: string) => control(id, "describe(comand('id')) { its('stdout') { should eq '' } }");
const fails = control('fails', "describe(file('/etc/passwd')) { it { should_not exist } }");
const skips = (id: string) => control(id, "only_if('never') { false }\n  describe(1) { it { should eq 1 } }");

const scan = (pod: string, profilePath: string, ...more: string[]) =>
  cincScan(cluster, ['scan', pod, '-n', namespace, '-p', profilePath, '--lens', 'exec', ...more]);
const reasonOf = ({ cwd }: Transcript) =>
  (JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/outputs.json'), 'utf8')) as { reason: string }).reason;

const gates: [name: string, ...flags: string[]][] = [
  ['no threshold'],
  ['a bound on critical failures', '--threshold', '{failed.critical.max: 0}'],
  ['a bound on all failures', '--threshold', '{failed.total.max: 0}'],
  ['a bound on errors', '--threshold', '{error.total.max: 0}'],
  ['a wide bound on errors', '--threshold', '{error.total.max: 100}'],
  ['a compliance of nothing', '--threshold', '{compliance.min: 0}'],
  ['fail-on', '--fail-on', 'low'],
  ['strict', '--threshold', '{failed.total.max: 0}', '--strict'],
];

describe('a profile of which no control was evaluated is not a pass', () => {
  test.each([
    ['all raise', raises('a') + raises('b')],
    ['all are skipped', skips('a') + skips('b')],
    ['all are skipped by the file', `only_if { false }\n${passes}`],
    ['some raise and the rest is skipped', raises('a') + skips('b')],
  ])('where %s, under any gate', async (name, controls) => {
    const path = profile(name.replaceAll(' ', '-'), controls);
    for (const [gate, ...flags] of gates) {
      const ran = await scan('one', path, ...flags);
      expect({ gate, code: ran.code, reason: reasonOf(ran) }).toEqual({
        gate,
        code: 5,
        reason: 'NOTHING_CHECKED',
      });
    }
  });
});

describe('errors that no bound covers', () => {
  const partly = () => profile('partly', passes + raises('broken'));

  test('fail a scan that speaks of failures alone, and the log names the control', async () => {
    const ran = await scan('one', partly(), '--threshold', '{failed.total.max: 0}');
    expect(ran.code).toBe(3);
    expect(ran.stdout + ran.stderr).toMatch(/errors-unbounded[\s\S]*broken/);
  });

  test('are covered by a bound of the user, or by compliance', async () => {
    const threshold = (text: string) => scan('one', partly(), '--threshold', text);
    expect((await threshold('{error.total.max: 1}')).code).toBe(0);
    expect((await threshold('50')).code).toBe(0);
    expect((await threshold('51')).code).toBe(3);
    expect((await threshold('{error.low.max: 0}')).code).toBe(3);
  });

  test('count as failures for fail-on', async () => {
    expect((await scan('one', partly(), '--fail-on', 'critical')).code).toBe(3);
  });

  test('are a warning for a gate over the file, as SAF passes them, and fail it under strict', async () => {
    const { cwd } = await scan('one', partly(), '--report', 'hdf:r.json');
    const judge = (...more: string[]) =>
      cincScan(cluster, ['gate', '-i', join(cwd, 'r.json'), '-I', '{failed.total.max: 0}', ...more]);
    expect(await judge()).toMatchObject({ code: 0, stdout: expect.stringContaining('errors-unbounded') });
    expect((await judge('--strict')).code).toBe(3);
  });
});

test('controls that were skipped and that no bound covers are a warning, and fail under strict', async () => {
  const path = profile('half', passes + skips('absent'));
  const flags = ['--threshold', '{failed.total.max: 0}'];
  expect(await scan('one', path, ...flags)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/skips-unbounded|1 skipped, and no bound/),
  });
  expect((await scan('one', path, ...flags, '--strict')).code).toBe(3);
});

describe('a baseline', () => {
  const before = () => profile('ratchet', passes + fails);
  const keep = async (path: string, ...more: string[]) =>
    join((await scan('one', path, '--report', 'hdf', ...more)).cwd, 'cinc-scan-results');

  test('of the same target passes what did not change', async () => {
    expect((await scan('one', before(), '--baseline', await keep(before()))).code).toBe(0);
  });

  test('refuses what was evaluated and is skipped, errored or gone now', async () => {
    const earlier = await keep(before());
    for (const now of [skips('passes') + fails, raises('passes') + fails, fails, passes + skips('fails'), passes])
      expect((await scan('one', profile('ratchet', now), '--baseline', earlier)).code).toBe(3);
  });

  test('of another target is refused, also where the controls are the same', async () => {
    const { cwd } = await scan('one', before(), '--report', 'hdf:one.json');
    const ran = await scan('other', before(), '--baseline', join(cwd, 'one.json'), '--lens', 'exec');
    // A file without its manifest does not tell where it was taken; beside it, it does.
    expect([0, 2]).toContain(ran.code);
    const folder = await keep(before());
    const file = join(folder, `${namespace}_one_app.json`);
    const refused = await scan('other', before(), '--baseline', file);
    expect(refused).toMatchObject({ code: 2, stdout: expect.stringContaining('baseline-mismatch') });
  });
});

test('the output folder says nothing of an earlier run that this one does not', async () => {
  const cwd = join(cluster.folder, 'stale');
  mkdirSync(cwd);
  const run = (pod: string, ...more: string[]) =>
    cincScan(cluster, ['scan', pod, '-n', namespace, '-p', profile('ok', passes), '--report', 'hdf,junit', ...more], {
      cwd,
    });
  expect((await run('one')).code).toBe(0);
  const file = join(cwd, `cinc-scan-results/${namespace}_one_app.json`);
  const text = readFileSync(file);
  expect((await run('gone')).code).toBe(4);
  expect(() => readFileSync(file)).toThrow('ENOENT');
  writeFileSync(file, text);
  const judged = await cincScan(cluster, ['gate', '-i', file, '-I', '0'], { cwd });
  expect(judged).toMatchObject({ code: 2, stdout: expect.stringContaining('hdf-unlisted') });
});

describe('the judge of the tests objects', () => {
  const forge = async (change: (manifest: Record<string, unknown>, cwd: string) => void) => {
    const { cwd } = await scan('one', profile('forged', passes), '--report', 'hdf');
    const path = join(cwd, 'cinc-scan-results/scan.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    expect(objections(cwd, 'cinc-scan-results')).toEqual([]);
    change(manifest, cwd);
    writeFileSync(path, JSON.stringify(manifest));
    return objections(cwd, 'cinc-scan-results');
  };

  test('to a run without targets', async () => {
    expect(await forge(manifest => void (manifest['targets'] = []))).toEqual(['no target was looked at']);
  });

  test('to a control that the profile has and the results have not', async () => {
    const against = await forge(() => void profile('forged', passes + fails));
    expect(against.join()).toMatch(/the profile has fails/);
  });

  test('to a control that is waived by what holds for another target alone', async () => {
    const cwd = folderWith(cluster, { 'w.yml': 'fails: {justification: x, run: false, target: pod/one}\n' });
    const path = profile('excused', passes + fails);
    const args = [
      'scan',
      'one',
      '-n',
      namespace,
      '-p',
      path,
      '--lens',
      'exec',
      '--report',
      'hdf',
      '--waivers',
      'w.yml',
    ];
    expect((await cincScan(cluster, args, { cwd })).code).toBe(0);
    writeFileSync(join(cwd, 'w.yml'), 'fails: {justification: x, run: false, target: pod/other}\n');
    expect(objections(cwd, 'cinc-scan-results').join()).toMatch(/fails is waived, and no waiver holds for it/);
  });

  test('to failures that the bounds do not allow', async () => {
    const against = await forge(manifest => {
      const { bounds } = manifest['gate'] as { bounds: Record<string, number> };
      bounds['passed.total.max'] = 0;
    });
    expect(against.join()).toMatch(/passed.total.max is 0, and there are 1/);
  });
});
