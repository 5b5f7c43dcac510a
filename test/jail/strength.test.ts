// SPDX-License-Identifier: Apache-2.0
// What the jail is said to keep is what it keeps: each wall is taken away on purpose, and missed.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { profiles } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { scanInProcess, statusesOf } from '../support/in-process.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';
import { type Edit, moreThreads, openAir, sabotage } from './sabotage.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
}, 300_000);
afterAll(() => cluster.close());

const flags = (profile: string, more = {}) => ({
  targets: ['web'],
  namespace: [namespace],
  profile: [profile],
  ...more,
});

async function scanWith(edits: Edit[], profile: string = profiles.firstLook, more = {}) {
  await using engine = sabotage(cluster.folder, edits);
  const { scan } = await scanInProcess(cluster, flags(profile, more), engine);
  return scan;
}

const withoutTree: Edit = ['jail/cell.rb', "wall('namespaces') { separate }", 'nil'];
const withoutLandlock: Edit = ['jail/cell.rb', "wall('Landlock') { landlock }", 'nil'];
const allowing = (name: string, numbers: string): Edit => [
  'jail/system_calls.rb',
  'read 0 63, ',
  `read 0 63, ${name} ${numbers}, `,
];

const taken: [what: string, edits: Edit[], strength: string, missing: string[]][] = [
  ['nothing', [], 'full', []],
  ['Landlock', [withoutLandlock], 'full', []],
  ['a root of its own', [withoutTree], 'partial', ['names', 'disk']],
  ['both', [withoutTree, withoutLandlock], 'none', ['files', 'names', 'disk']],
  [
    'seccomp',
    [['jail/cell.rb', /wall\('seccomp'\).*/, '']],
    'none',
    ['network', 'processes', 'programs', 'privileges'],
  ],
  ['the refusal of sockets', [allowing('socket', '41 198')], 'none', ['network']],
  ['the refusal of programs, which Landlock refuses too', [allowing('execve', '59 221')], 'full', []],
  ['both refusals of programs', [allowing('execve', '59 221'), withoutLandlock], 'none', ['programs']],
  [
    'the refusal of forks',
    [['jail/filter.rb', 'step(ANY_BIT, THREAD, 0, 2)', 'step(ANY_BIT, THREAD, 0, 0)']],
    'none',
    ['programs'],
  ],
  [
    'the refusal of signals',
    [['jail/filter.rb', 'kill: one_of(0, [@process]), ', 'kill: [give(ALLOW)], ']],
    'none',
    ['processes'],
  ],
  ['the refusal of namespaces', [allowing('unshare', '272 97')], 'none', ['privileges']],
  ['the refusal of rings', [allowing('io_uring_setup', '425 425')], 'none', ['privileges']],
  [
    'the loss of rights',
    [
      ['jail/cell.rb', "wall('no privileges') { Rights.drop }", 'nil'],
      ['jail/cell.rb', /wall\('own user'\).*/, ''],
    ],
    'none',
    ['privileges'],
  ],
  ['limits', [['jail/cell.rb', "wall('limits') { limit }", 'nil']], 'partial', ['memory', 'time', 'disk']],
  ['the limit of the scratch folder', [['jail/tree.rb', 'size=#{SCRATCH_BYTES},', '']], 'partial', ['disk']],
  [
    'the end of what was open',
    [['jail/cell.rb', 'strange.each { |number| close(number) }', 'IO.pipe']],
    'none',
    ['files'],
  ],
  ['the end of a way into /proc', [['jail/places.rb', '/lib /lib32', '/proc /lib /lib32']], 'none', ['files', 'names']],
];

test.each(taken)('without %s a jail is as strong as it is', async (...[, edits, strength, missing]) => {
  const { model } = await scanWith(edits);
  expect(model.jail).toMatchObject({ strength, missing });
});

describe('where less can be had than was demanded', () => {
  const marked = (folder: string) =>
    writeFiles(folder, {
      ...profileFiles({ name: 'marked' }),
      'libraries/mark.rb': `File.write(${JSON.stringify(join(folder, 'loaded'))}, '')\n`,
    });

  test.each([
    ['full', [withoutTree]],
    ['partial', [openAir]],
    ['full', [openAir]],
  ] as [string, Edit[]][])(
    'a demand for %s is refused before a profile is loaded or anything is made',
    async (wanted, edits) => {
      const folder = marked(mkdtempSync(join(cluster.folder, 'p-')));
      await expect(scanWith(edits, folder, { 'require-jail': wanted })).rejects.toMatchObject({
        code: 'JAIL_TOO_WEAK',
        exit: 5,
        message: expect.stringMatching(/does not keep .*names/),
      });
      expect(existsSync(join(folder, 'loaded'))).toBe(false);
      await cluster.expectNothingLeft();
    },
  );

  test('the profile would have been loaded otherwise', async () => {
    const folder = marked(mkdtempSync(join(cluster.folder, 'p-')));
    const { model, outcomes } = await scanWith([openAir], folder);
    expect(existsSync(join(folder, 'loaded'))).toBe(true);
    expect(outcomes).toMatchObject([{ kind: 'audited' }]);
    expect(model.warnings).toEqual([expect.stringMatching(/^Profile code is not kept from this machine: none/)]);
  });

  test('an engine that says more than is true, or nothing, is not believed', async () => {
    const silent: Edit = ['job.rb', "@channel.tell('jailed', **kept)", 'nil'];
    await expect(scanWith([silent])).rejects.toMatchObject({ code: 'ENGINE_CRASHED' });
    const mild: Edit = ['job.rb', /raise Jail::TooWeak.*/, ''];
    await expect(scanWith([openAir, mild], profiles.firstLook, { 'require-jail': 'full' })).rejects.toMatchObject({
      code: 'JAIL_TOO_WEAK',
    });
  });
});

describe('an honest profile', () => {
  const honest = [profiles.firstLook, profiles.baseline, profiles.files, profiles.system];

  test.each(honest)('has the same results with a jail and without: %s', async profile => {
    const jailed = await scanWith([], profile);
    const open = await scanWith([openAir], profile);
    expect(jailed.model.jail?.strength).toBe('full');
    expect(open.model.jail?.strength).toBe('none');
    expect(Object.keys(statusesOf(jailed.outcomes)).length).toBeGreaterThan(3);
    expect(statusesOf(jailed.outcomes)).toEqual(statusesOf(open.outcomes));
  });

  test('is behind the same walls where Ruby has threads of its own', async () => {
    const { model, outcomes } = await scanWith([moreThreads]);
    expect(model.jail).toMatchObject({ strength: 'full', missing: [] });
    expect(outcomes).toMatchObject([{ kind: 'audited' }]);
  });

  test('has a scratch folder, its own files and the gems of the engine', async () => {
    const check = `
  require 'tempfile'
  require 'openssl'
  file = Tempfile.new('x')
  file.write('abc')
  file.close
  describe(File.read(file.path)) { it { should eq 'abc' } }
  describe(inspec.profile.file('words.txt')) { it { should eq "of the profile\\n" } }
  describe(OpenSSL::Digest::SHA256.hexdigest('')[0, 8]) { it { should eq 'e3b0c442' } }
  describe(Time.at(0).utc.year) { it { should eq 1970 } }
  describe(Dir.mktmpdir { |folder| File.write("#{folder}/a", 'b') }) { it { should eq 1 } }`;
    const folder = writeFiles(mkdtempSync(join(cluster.folder, 'p-')), {
      ...profileFiles({ name: 'at-home', controls: controlText('at-home', check) }),
      'files/words.txt': 'of the profile\n',
    });
    const { outcomes } = await scanWith([], folder);
    expect(statusesOf(outcomes)).toEqual({ 'at-home': Array.from({ length: 5 }, () => 'passed') });
  });

  test('that only its user may read is read in the jail', async () => {
    const folder = writeFiles(mkdtempSync(join(cluster.folder, 'p-')), profileFiles({ name: 'private' }));
    const { model, outcomes } = await scanWith([], folder); // mkdtemp makes folders for one user alone
    expect(model.jail?.means).toContain('own user');
    expect(statusesOf(outcomes)).toEqual({ 'private-1': ['passed'] });
  });

  test('leaves nothing behind on the machine', async () => {
    const before = readdirSync(cluster.folder);
    const check = "File.write('left', 'x') && describe(1) { it { should eq 1 } }";
    const folder = writeFiles(
      mkdtempSync(join(cluster.folder, 'p-')),
      profileFiles({ name: 'leaves', controls: controlText('leaves', check) }),
    );
    await scanWith([], folder);
    const left = readdirSync(cluster.folder).filter(name => !before.includes(name) && name.startsWith('cinc-scan-'));
    expect(left).toEqual([]);
  });
});
