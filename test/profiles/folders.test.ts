// SPDX-License-Identifier: Apache-2.0
// Folders of this machine that are not what they seem to InSpec, and dependencies that are told by their source alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { cacheHome } from '../support/caches.ts';
import { command, temporaryFolder } from '../support/command.ts';
import { controlText, makeRepository, profileFiles, writeFiles } from '../support/profiles.ts';

const place = temporaryFolder();
const folder = place.path;
afterAll(() => place[Symbol.dispose]());

const check = (path: string, env: Record<string, string> = {}) =>
  command(['profile', 'check', path], { cwd: folder, env: { XDG_CACHE_HOME: cacheHome, ...env } });
const meta = (name: string, more = '') => `name: ${name}\nversion: 1.2.3\n${more}`;

/** As the kubelet mounts a ConfigMap or Secret: files in a hidden folder, reached by links. */
function mounted(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  writeFiles(join(path, '..2026_01_01_00_00_00.1'), files);
  symlinkSync('..2026_01_01_00_00_00.1', join(path, '..data'));
  for (const top of new Set(Object.keys(files).map(file => file.split('/')[0] ?? '')))
    symlinkSync(join('..data', top), join(path, top));
  return path;
}

describe('a folder', () => {
  test('that is a mounted ConfigMap with paths', async () => {
    const path = mounted('paths', { 'inspec.yml': meta('paths'), 'controls/a.rb': controlText('a') });
    expect((await check(path)).stdout).toMatch(/^✓ paths 1\.2\.3 can be run: 1 control/);
  });

  test('that is a mounted ConfigMap whose keys stand for paths', async () => {
    const path = mounted('keys', {
      'inspec.yml': meta('keys'),
      'a.rb': controlText('a'),
      'controls__b.rb': controlText('b'),
    });
    expect((await check(path)).stdout).toMatch(/^✓ keys 1\.2\.3 can be run: 2 controls/);
  });

  test('whose controls are a link to a folder beside them, with a dependency by a relative path', async () => {
    writeFiles(join(folder, 'beside'), profileFiles({ name: 'beside' }));
    const metadata = meta('linked', 'depends:\n  - {name: beside, path: ../beside}\n');
    const path = writeFiles(join(folder, 'linked'), {
      'inspec.yml': metadata,
      '.kept/a.rb': `include_controls 'beside'\n${controlText('a')}`,
    });
    symlinkSync('.kept', join(path, 'controls'));
    expect((await check(path)).stdout).toMatch(/^✓ linked 1\.2\.3 can be run: 2 controls/);
  });

  test('with a link out of it is refused, and one with a link to itself ends', async () => {
    const out = writeFiles(join(folder, 'out'), profileFiles({ name: 'out' }));
    symlinkSync('/etc', join(out, 'files'));
    expect((await check(out)).stderr).toMatch(/^cinc-scan: PROFILE_REFUSED The link .* leads out of the profile/);
    const loop = writeFiles(join(folder, 'loop'), profileFiles({ name: 'loop' }));
    symlinkSync('..', join(loop, 'controls/again'));
    expect((await check(loop)).stderr).toMatch(/^cinc-scan: PROFILE_REFUSED /);
  });

  test('without a name in its metadata gives the profile its own, and so does an archive', async () => {
    const path = writeFiles(join(folder, 'unnamed'), {
      'inspec.yml': 'version: 1.0.0\n',
      'controls/a.rb': controlText('a'),
    });
    expect((await check(path)).stdout).toMatch(/^✓ unnamed 1\.0\.0 can be run/);
    const archive = join(folder, 'packed.tar.gz');
    execFileSync('tar', ['-C', path, '-czf', archive, '.']);
    expect((await check(archive)).stdout).toMatch(/^✓ packed 1\.0\.0 can be run/);
  });
});

describe('a dependency without a name', () => {
  const top = (name: string, depends: string, include: string) =>
    writeFiles(join(folder, name), {
      'inspec.yml': meta(name, `depends:\n${depends}`),
      'controls/a.rb': `include_controls '${include}'\n`,
    });

  test('has its own, from a path, a repository, and where that has a blank in it', async () => {
    writeFiles(join(folder, 'base'), profileFiles({ name: 'own name' }));
    const path = top('by-path', '  - path: ../base\n', 'own name');
    expect((await check(path)).stdout).toMatch(/^✓ by-path 1\.2\.3 can be run: 1 control/);
    const repository = join(folder, 'repository');
    makeRepository(repository, profileFiles({ name: 'committed' }));
    const git = top('by-git', `  - git: "file://${repository}"\n    tag: v1\n`, 'committed');
    expect((await check(git)).stdout).toMatch(/^✓ by-git 1\.2\.3 can be run: 1 control/);
  });

  test('is refused where another has the same', async () => {
    writeFiles(join(folder, 'one'), profileFiles({ name: 'same' }));
    writeFiles(join(folder, 'two'), profileFiles({ name: 'same' }));
    const path = top('twice', '  - path: ../one\n  - path: ../two\n', 'same');
    expect((await check(path)).stderr).toMatch(/^cinc-scan: PROFILE_INVALID .*the dependency same is listed twice/);
  });

  test('is told by its source where it cannot be had', async () => {
    const path = top('nowhere', '  - path: ../is-not-there\n', 'x');
    expect((await check(path)).stderr).toMatch(/^cinc-scan: PROFILE_MISSING .*\.\.\/is-not-there \(dependency of/);
  });
});

test('gems that a profile names are those of the engine, and no one is asked for others', async () => {
  const wants = (name: string, gems: string) =>
    check(writeFiles(join(folder, name), profileFiles({ name, metadata: `gem_dependencies:\n${gems}` })));
  expect((await wants('there', "  - {name: hashie, version: '>= 3, < 9'}\n  - name: rexml\n")).code).toBe(0);
  const ran = await wants('not-there', "  - {name: no-such-gem, version: '~> 1.0'}\n");
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/^cinc-scan: PROFILE_INVALID .*not among the gems of the engine: no-such-gem \(~> 1\.0\)/);
});

describe('a folder for temporary files that cannot be used is named, with what to do', () => {
  const deep = join(mkdtempSync(join(tmpdir(), 'cs-')), 'long'.repeat(25));
  mkdirSync(deep);
  test.each([
    ['is not there', '/nonexistent/tmp', /no such file/],
    ['is a file', process.execPath, /not a directory/],
    ['has a path too long for a socket', deep, /too long for a Unix socket/],
    ['takes no folders', '/proc/self', /cannot be used/],
  ])('%s', async (_what, path, why) => {
    const ran = await check(writeFiles(join(folder, 'any'), profileFiles({ name: 'any' })), { TMPDIR: path });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^cinc-scan: SCRATCH_UNUSABLE /);
    expect(ran.stderr).toMatch(why);
    expect(ran.stderr).toContain('Set TMPDIR to a short path');
  });
});
