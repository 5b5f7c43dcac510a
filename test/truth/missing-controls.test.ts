// SPDX-License-Identifier: Apache-2.0
// What InSpec leaves out without a word is an error here: nothing is green that was not looked at.
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { found, manifest } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';
import { expectUnreached } from '../support/refusal.ts';

const cluster = await openTestCluster();
const folder = folderWith(cluster, {});
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  for (const image of ['debian', 'busybox'])
    await createPod(cluster.api, { name: image, namespace, containers: { app: image } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const scan = (pod: string, ...args: string[]): Promise<Transcript> =>
  cincScan(cluster, ['scan', pod, '-n', namespace, ...args]);
const check = (path: string): Promise<Transcript> => cincScan(cluster, ['profile', 'check', path]);
const made = (name: string, files: Record<string, string>, metadata = ''): string =>
  writeFiles(join(folder, name), { ...profileFiles({ name, metadata }), 'controls/all.rb': '', ...files });
const missing = { code: 'CONTROLS_MISSING', exit: 5, remedy: /id of its own/ };
const failing = (id: string) => controlText(id, 'describe(1) { it { should eq 2 } }');
const passing = (id: string) => controlText(id, 'describe(1) { it { should eq 1 } }');
const dependsOn = (name: string) => `depends:\n  - {name: ${name}, path: ../${name}}\n`;

describe('two controls of one id', () => {
  const doubled: [where: string, files: Record<string, string>, places: RegExp][] = [
    [
      'in two files',
      { 'controls/a.rb': failing('same'), 'controls/sub/b.rb': passing('same') },
      /controls\/a\.rb:1 and controls\/sub\/b\.rb:1/,
    ],
    ['in one file', { 'controls/a.rb': failing('same') + passing('same') }, /controls\/a\.rb:1 and controls\/a\.rb:7/],
  ];
  test.each(doubled)('%s are an error that names both places, and found by a check', async (where, files, places) => {
    const path = made(`doubled-${where.replaceAll(' ', '-')}`, files);
    const ran = await scan('debian', '-p', path);
    expectUnreached(ran, { ...missing, message: places });
    const checked = await check(path);
    expect(checked.code).toBe(2);
    expect(checked.stderr).toMatch(/^cinc-scan: PROFILE_INVALID .*control "same".* is defined twice/);
    expect(checked.stderr).toMatch(places);
  });

  test('are an error in a dependency too, and twice in one block of an overlay', async () => {
    made('doubled-below', { 'controls/a.rb': failing('same'), 'controls/b.rb': passing('same') });
    const above = made('above', { 'controls/a.rb': "include_controls 'doubled-below'\n" }, dependsOn('doubled-below'));
    expectUnreached(await scan('debian', '-p', above), { ...missing, message: /"same" of doubled-below/ });
    made('single', { 'controls/a.rb': passing('same') });
    const block = `include_controls 'single' do\n${failing('same')}${passing('same')}end\n`;
    const overlay = made('twice-in-block', { 'controls/a.rb': block }, dependsOn('single'));
    expectUnreached(await scan('debian', '-p', overlay), { ...missing, message: /"same" of single/ });
  });

  test('are what an overlay is for, and what a second one without checks may add to', async () => {
    made('overlaid', { 'controls/a.rb': failing('o-1') });
    const block = `include_controls 'overlaid' do\n  ${passing('o-1')}end\n`;
    const overlay = made('overlay', { 'controls/a.rb': block }, dependsOn('overlaid'));
    const added = "control 'one' do\n  impact 0.2\n  tag 'more'\nend\n";
    const extended = made('extended', { 'controls/a.rb': passing('one'), 'controls/b.rb': added });
    const ran = await scan('debian', '-p', overlay, '-p', extended);
    expect(ran.code).toBe(0);
    expect(found(ran)).toMatchObject({ overlaid: { 'o-1': ['passed'] }, extended: { one: ['passed'] } });
  });
});

describe('a dependency that does not support the platform', () => {
  const supports = 'supports:\n  - platform-family: debian\n';
  let wrapper = '';
  beforeAll(() => {
    made('only-debian', { 'controls/a.rb': passing('deep') }, supports);
    const controls = `include_controls 'only-debian'\n${passing('own')}`;
    wrapper = made('wrapper', { 'controls/a.rb': controls }, dependsOn('only-debian'));
  });

  test('is an error with its controls and its platforms; a check tells of it', async () => {
    expectUnreached(await scan('busybox', '-p', wrapper), {
      ...missing,
      message: /"deep" of only-debian; wrapper includes only-debian, which supports only platform-family debian/,
    });
    expect((await check(wrapper)).stdout).toContain('only-debian supports only platform-family debian');
    expect((await scan('debian', '-p', wrapper)).code).toBe(0);
  });

  test('is none where its controls are not asked for', async () => {
    const ran = await scan('busybox', '-p', wrapper, '--controls', 'own');
    expect({ code: ran.code, found: found(ran)['wrapper'] }).toEqual({ code: 0, found: { own: ['passed'] } });
  });

  test('is one two profiles down as well', async () => {
    const top = made('top', { 'controls/a.rb': "include_controls 'wrapper'\n" }, dependsOn('wrapper'));
    expectUnreached(await scan('busybox', '-p', top), { ...missing, message: /wrapper includes only-debian/ });
  });
});

describe('a profile whose controls depend on the target', () => {
  const users =
    "command('cut -d: -f1 /etc/passwd').stdout.lines.map(&:strip).each do |name|\n" +
    '  control("user-#{name}") { describe(name) { it { should_not be_empty } } }\nend\n';

  test('is asked for what a filter names on each target', async () => {
    const path = made('users', { 'controls/a.rb': users });
    const one = await scan('busybox', '-p', path, '--controls', 'user-root');
    expect({ code: one.code, found: found(one)['users'] }).toEqual({ code: 0, found: { 'user-root': ['passed'] } });
    expectUnreached(await scan('busybox', '-p', path, '--controls', 'user-root,user-nope'), {
      ...missing,
      message: /controls: nothing matches "user-nope" on /,
    });
  });

  test('says so when it is checked, and is an error where it has none', async () => {
    const path = made('nobody', { 'controls/a.rb': users.replace('/etc/passwd', '/nope') });
    const checked = await check(path);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toContain('its controls depend on the target');
    const ran = await scan('busybox', '-p', path);
    expect(ran.code).toBe(5);
  });

  test('is refused before anything is made where the target has no part in the failure', async () => {
    const broken: [name: string, controls: string, why: RegExp][] = [
      ['no-gem', `require 'no/such/gem'\n${passing('a')}`, /LoadError/],
      ['no-name', `${passing('a')}nobody_knows_this\n`, /nobody_knows_this/],
      ['no-syntax', `os.arch\n${passing('a')}control(\n`, /SyntaxError/],
    ];
    for (const [name, controls, why] of broken) {
      const ran = await scan('debian', '-p', made(name, { 'controls/a.rb': controls }));
      expect({ name, code: ran.code }).toEqual({ name, code: 2 });
      expect(ran.stderr).toMatch(/^cinc-scan: PROFILE_INVALID /m);
      expect(ran.stderr).toMatch(why);
    }
  });
});

test('a profile without a name is called as its folder', async () => {
  const path = writeFiles(join(folder, 'nameless'), {
    'inspec.yml': 'title: No name\nversion: 1.0.0\n',
    'controls/a.rb': passing('a'),
  });
  const ran = await scan('debian', '-p', path);
  expect(ran.code).toBe(0);
  expect(found(ran)).toEqual({ nameless: { a: ['passed'] } });
  expect(manifest(ran).profiles[0]).toMatchObject({ name: 'nameless' });
});
