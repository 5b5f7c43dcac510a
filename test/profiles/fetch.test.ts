// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandTranscript, startCommand } from '../support/command.ts';
import { type ProfileServer, startProfileServer } from '../support/profile-server.ts';
import {
  cacheContents,
  commitAll,
  controlText,
  emptyCache,
  makeRepository,
  profileFiles,
  tarOfFolder,
  writeFiles,
} from '../support/profiles.ts';

let folder = '';
let server: ProfileServer;
let cache = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cst-'));
  server = await startProfileServer(folder);
  makeRepository(join(server.repositories, 'many'), {
    ...prefixed(
      'profiles/one',
      profileFiles({
        name: 'one',
        metadata: 'depends:\n  - {name: base, path: ../base}\n',
        controls: `include_controls 'base'\n${controlText('one-1')}`,
      }),
    ),
    ...prefixed('profiles/base', profileFiles({ name: 'base' })),
    // Which would leave out what is wanted, and change the rest.
    '.gitattributes': 'profiles export-ignore\n*.rb export-subst eol=crlf\n',
  });
});
beforeEach(() => {
  cache = emptyCache(folder);
  server.requests.length = 0;
  server.wanted.authorization = undefined;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const prefixed = (prefix: string, files: Record<string, string>) =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${prefix}/${path}`, text]));

const start = (args: string[], env: Record<string, string> = {}) =>
  startCommand(args, { cwd: folder, env: { ...server.environment, CINC_SCAN_CACHE: cache, TMPDIR: folder, ...env } });

const inspect = (source: string, ...more: string[]): Promise<CommandTranscript> =>
  start(['profile', 'inspect', '--json', source, ...more]).ended;

interface Inspection {
  name: string;
  commit: string | null;
  sha256: string;
  dependencies: { name: string; source: string; commit: string | null; sha256: string }[];
  controls: { id: string; checks: number; selected: boolean }[];
}

function read({ code, stdout, stderr }: CommandTranscript): Inspection {
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/^cinc-scan:/m) });
  return JSON.parse(stdout) as Inspection;
}

function expectError({ code, stderr, stdout }: CommandTranscript, name: string, message: RegExp): void {
  expect(stderr).toMatch(new RegExp(`^cinc-scan: ${name} `, 'm'));
  expect(stderr).toMatch(message);
  expect(stdout).toBe('');
  expect(code).toBe(name === 'PROFILE_UNREACHABLE' ? 5 : 2);
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** An archive on the server; gives its address with its digest. */
function publish(path: string, files: Record<string, string>): string {
  const bytes = tarOfFolder(writeFiles(mkdtempSync(join(folder, 'a-')), files));
  server.files.set(path, bytes);
  return `${server.origin}${path}#sha256=${sha256(bytes)}`;
}

const gitSource = (rest: string) => `git+${server.origin}/git/many#${rest}`;

describe('a profile behind https', () => {
  test('is fetched once, and taken from the cache afterwards, wherever it lies', async () => {
    const source = publish('/p.tar.gz', prefixed('p-1.0', profileFiles({ name: 'behind' })));
    expect(read(await inspect(source))).toMatchObject({ name: 'behind', controls: [{ id: 'behind-1', checks: 1 }] });
    expect(server.requests).toEqual([{ path: '/p.tar.gz', authorization: undefined }]);
    expect(read(await inspect(source.replace('/p.tar.gz', '/elsewhere.tgz')))).toMatchObject({ name: 'behind' });
    expect(server.requests).toHaveLength(1);
  });

  test('with another content than was named is refused, and nothing of it is kept', async () => {
    const source = publish('/changed.tar.gz', profileFiles({ name: 'changed' }));
    const wrong = source.replace(/sha256=.*/, `sha256=${'0'.repeat(64)}`);
    expectError(await inspect(wrong), 'PROFILE_DIGEST', new RegExp(`has the SHA-256 ${source.split('=')[1]}`));
    expect(cacheContents(cache)).toEqual({ trees: [], left: [] });
  });

  test('is followed to another path of the same server, and to no other server', async () => {
    const source = publish('/final.tar.gz', profileFiles({ name: 'final' }));
    server.redirects.set('/moved.tar.gz', '/final.tar.gz');
    expect(read(await inspect(source.replace('/final', '/moved')))).toMatchObject({ name: 'final' });
    cache = emptyCache(folder);
    server.redirects.set('/away.tar.gz', `${server.origin.replace('127.0.0.1', 'localhost')}/final.tar.gz`);
    const away = await inspect(source.replace('/final', '/away'));
    expectError(away, 'PROFILE_REFUSED', /redirects to another place: https:\/\/localhost:\d+/);
    server.redirects.set('/plain.tar.gz', 'http://127.0.0.1/final.tar.gz');
    expectError(await inspect(source.replace('/final', '/plain')), 'PROFILE_REFUSED', /another place: http:/);
    server.redirects.set('/loop.tar.gz', '/loop.tar.gz');
    expectError(await inspect(source.replace('/final', '/loop')), 'PROFILE_UNREACHABLE', /redirects more than 5 times/);
  });

  test('of a server that is not trusted, or not there, is not fetched', async () => {
    const source = publish('/x.tar.gz', profileFiles({ name: 'x' }));
    const untrusting = await start(['profile', 'inspect', source], { NODE_EXTRA_CA_CERTS: '' }).ended;
    expectError(untrusting, 'PROFILE_UNREACHABLE', /cannot be fetched: .*certificate/);
    expectError(await inspect(source.replace(/:\d+\//, ':1/')), 'PROFILE_UNREACHABLE', /ECONNREFUSED/);
    expectError(await inspect(source.replace('/x.', '/y.')), 'PROFILE_UNREACHABLE', /it answered 404/);
  });

  test('that is private is fetched with the credentials of its host, which nobody else sees', async () => {
    const source = publish('/private.tar.gz', profileFiles({ name: 'private' }));
    const token = 'opensesame-4711';
    server.wanted.authorization = `Bearer ${token}`;
    expectError(await inspect(source), 'PROFILE_UNREACHABLE', /it answered 401[\s\S]*--profile-credentials/);
    const host = new URL(server.origin).host;
    const env = { CINC_SCAN_PROFILE_CREDENTIALS: `"${host}": {bearer: ${token}}` };
    const running = start(['profile', 'inspect', '--json', source, '--debug'], env);
    const ran = await running.ended;
    expect(read(ran)).toMatchObject({ name: 'private' });
    expect(ran.stdout + ran.stderr).not.toContain(token);
    server.wanted.authorization = `Basic ${Buffer.from('ci:opensesame-4711').toString('base64')}`;
    cache = emptyCache(folder);
    const file = join(folder, 'credentials.yml');
    writeFileSync(file, `"${host}": {username: ci, password: ${token}}\n`);
    expect(read(await inspect(source, '--profile-credentials', file))).toMatchObject({ name: 'private' });
    const onTheLine = await inspect(source, '--profile-credentials', env.CINC_SCAN_PROFILE_CREDENTIALS);
    expectError(onTheLine, 'INPUT_INVALID', /expected a path/);
  });
});

describe('a profile in a repository', () => {
  test('is that of its ref, with what it depends on beside it, as it was committed', async () => {
    const repository = join(server.repositories, 'many');
    const first = read(await inspect(gitSource('ref=v1&path=profiles/one')));
    expect(first).toMatchObject({ name: 'one', dependencies: [{ name: 'base', source: '../base' }] });
    expect(first.controls.map(({ id }) => id).toSorted()).toEqual(['base-1', 'one-1']);
    writeFiles(repository, { 'profiles/one/controls/more.rb': controlText('one-2') });
    const commit = commitAll(repository, 'v2');
    const main = read(await inspect(gitSource('ref=main&path=profiles/one')));
    expect(main.commit).toBe(commit);
    expect(main.controls.map(({ id }) => id)).toContain('one-2');
    const again = read(await inspect(gitSource(`ref=${first.commit}&path=profiles/one`)));
    expect(again).toEqual({ ...first, source: gitSource(`ref=${first.commit}&path=profiles/one`) });
    // The whole commit id leads to the cache without a question.
    server.requests.length = 0;
    read(await inspect(gitSource(`ref=${commit}&path=profiles/base`)));
    expect(server.requests).toEqual([]);
    expect(read(await inspect(gitSource('path=profiles/one'))).commit).toBe(commit);
  });

  test('that has no such ref or folder is named', async () => {
    expectError(await inspect(gitSource('ref=v99&path=profiles/one')), 'PROFILE_MISSING', /no branch or tag "v99"/);
    expectError(await inspect(gitSource('ref=v1&path=profiles/two')), 'PROFILE_MISSING', /has no inspec\.yml/);
    expectError(await inspect(`git+${server.origin}/git/none#ref=v1`), 'PROFILE_UNREACHABLE', /cannot be fetched/);
  });

  test('is not followed elsewhere, and its credentials are for its host alone', async () => {
    server.redirects.set('/git/away', `${server.origin}/git/many`);
    expectError(await inspect(`git+${server.origin}/git/away#ref=v1`), 'PROFILE_REFUSED', /redirects/);
    server.wanted.authorization = 'Bearer opensesame-4712';
    const source = gitSource('ref=v1&path=profiles/one');
    expectError(await inspect(source), 'PROFILE_UNREACHABLE', /--profile-credentials/);
    const env = { CINC_SCAN_PROFILE_CREDENTIALS: `"${new URL(server.origin).host}": {bearer: opensesame-4712}` };
    const ran = await start(['profile', 'inspect', '--json', source], env).ended;
    expect(read(ran)).toMatchObject({ name: 'one' });
    expect(server.requests.at(-1)?.authorization).toBe('Bearer opensesame-4712');
  });

  test('does not reach for files of this machine', async () => {
    const secret = writeFiles(mkdtempSync(join(folder, 's-')), profileFiles({ name: 'base' }));
    const cases: [string, RegExp][] = [
      [`path: ${secret}`, /leads out of what was fetched/],
      ['path: ../../base', /leads out of what was fetched/],
      [`git: "file://${secret}"`, /does not read repositories of this machine/],
      ['git: "ext::sh -c id"', /git fetches over https/],
      ['git: "--upload-pack=id"', /expected/],
      ['url: "http://127.0.0.1/a.tar.gz"', /not an https address/],
      ['supermarket: a/b', /a path, a url or a git repository/],
    ];
    for (const [line, message] of cases) {
      const name = `h-${cases.findIndex(each => each[0] === line)}`;
      makeRepository(
        join(server.repositories, name),
        profileFiles({ name: 'h', metadata: `depends:\n  - {name: base, ${line}}\n` }),
      );
      expectError(await inspect(`git+${server.origin}/git/${name}#ref=v1`), 'PROFILE_REFUSED', message);
    }
  });

  test('with a link out of it is refused', async () => {
    const place = join(server.repositories, 'linked');
    writeFiles(place, profileFiles({ name: 'linked' }));
    symlinkSync('/etc/passwd', join(place, 'controls', 'b.rb'));
    makeRepository(place, {});
    expectError(
      await inspect(`git+${server.origin}/git/linked#ref=v1`),
      'PROFILE_REFUSED',
      /link "controls\/b\.rb" leads out/,
    );
    const local = await inspect(place);
    expectError(local, 'PROFILE_REFUSED', /leads out of the profile/);
  });
});

describe('the cache', () => {
  test('has one intact entry after two processes fetched the same for the first time at once', async () => {
    const source = gitSource('ref=v1&path=profiles/one');
    const [one, two] = await Promise.all([inspect(source), inspect(source)]);
    expect(read(one)).toEqual(read(two));
    const { trees, left } = cacheContents(cache);
    expect(left).toEqual([]);
    expect(trees).toHaveLength(1);
    // The second waited for the first instead of fetching too.
    expect(server.requests.filter(({ path }) => path.endsWith('/git-upload-pack')).length).toBeLessThanOrEqual(4);
    server.requests.length = 0;
    expect(read(await inspect(source, '--offline'))).toMatchObject({ name: 'one', sha256: read(one).sha256 });
    expect(server.requests).toEqual([]);
  });

  test('fetches again what is not what it was', async () => {
    const source = publish('/kept.tar.gz', profileFiles({ name: 'kept' }));
    read(await inspect(source));
    const [tree = ''] = cacheContents(cache).trees;
    const control = join(cache, 'profiles/trees', tree, 'controls/all.rb');
    writeFileSync(control, `${readFileSync(control, 'utf8')}${controlText('smuggled')}`);
    expectError(await inspect(source, '--offline'), 'PROFILE_OFFLINE', /never fetched/);
    expect(read(await inspect(source)).controls.map(({ id }) => id)).toEqual(['kept-1']);
    expect(read(await inspect(source, '--offline')).controls.map(({ id }) => id)).toEqual(['kept-1']);
    expect(cacheContents(cache).left).toEqual([]);
  });

  test('takes over what a killed process held', async () => {
    const source = publish('/held.tar.gz', profileFiles({ name: 'held' }));
    const lock = join(cache, 'profiles/locks', sha256(Buffer.from(`sha256:${source.split('=')[1]}`)));
    mkdirSync(lock, { recursive: true });
    utimesSync(lock, new Date(0), new Date(0));
    expect(read(await inspect(source))).toMatchObject({ name: 'held' });
    expect(cacheContents(cache).left).toEqual([]);
  });
});
