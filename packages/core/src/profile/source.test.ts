// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../request/index.ts';
import { readHostCredentials } from './credentials.ts';
import { parseSource, showSource, toGitSource } from './source.ts';

const digest = 'a'.repeat(64);

describe('a profile source', () => {
  test.each(['./profile', 'profile', '/srv/profile.tar.gz', 'C:\\profiles\\one', 'a:b/c d'])('%s is a path', text => {
    if (text === 'a:b/c d') expect(() => parseSource(text)).toThrow(/expected PATH/);
    else expect(parseSource(text)).toEqual({ kind: 'path', path: text });
  });

  test('behind https is pinned to its content, which the server is not told', () => {
    const source = parseSource(`https://example.org/a.tar.gz?x=1#sha256=${digest.toUpperCase()}`);
    expect(source).toMatchObject({ kind: 'url', sha256: digest });
    expect(source.kind === 'url' && source.url.href).toBe('https://example.org/a.tar.gz?x=1');
  });

  test('in a repository has a ref and a folder', () => {
    expect(parseSource('git+https://example.org/a.git#ref=v1.0&path=profiles/one/')).toEqual({
      kind: 'git',
      remote: 'https://example.org/a.git',
      transport: 'https',
      ref: 'v1.0',
      folder: 'profiles/one',
    });
    expect(parseSource('git+ssh://git@example.org/a.git')).toMatchObject({ transport: 'ssh', ref: undefined });
    expect(toGitSource({ remote: 'git@example.org:a/b.git', ref: undefined, folder: undefined }, 'x')).toMatchObject({
      transport: 'ssh',
    });
  });

  test('in the cluster has a name, and perhaps a namespace', () => {
    expect(parseSource('configmap:one')).toEqual({ kind: 'config-map', namespace: undefined, name: 'one' });
    expect(parseSource('configmap:shop/one.two')).toEqual({ kind: 'config-map', namespace: 'shop', name: 'one.two' });
  });

  const refused: [name: string, text: string, refusal: [code: string, message: RegExp]][] = [
    ['over http', 'http://example.org/a.tar.gz', ['PROFILE_REFUSED', /expected PATH/]],
    ['over ftp', 'ftp://example.org/a.tar.gz', ['PROFILE_REFUSED', /expected PATH/]],
    ['of a file address', 'file:///etc/passwd', ['PROFILE_REFUSED', /expected PATH/]],
    ['without a digest', 'https://example.org/a.tar.gz', ['PROFILE_UNPINNED', /is not pinned to a digest/]],
    ['of a repository', 'https://h/a#ref=main', ['PROFILE_REFUSED', /named git\+https:\/\/h\/a#ref=main$/]],
    ['as git names it', 'git@h:a/b.git', ['PROFILE_REFUSED', /named git\+ssh:\/\/git@h\/a\/b\.git$/]],
    ['with half a digest', 'https://example.org/a#sha256=abc', ['PROFILE_REFUSED', /64 hexadecimal digits/]],
    ['with two digests', `https://h/a#sha256=${digest}&sha256=${digest}`, ['PROFILE_REFUSED', /after #/]],
    ['with a strange fragment', `https://h/a#sha512=${digest}`, ['PROFILE_REFUSED', /after #/]],
    ['with a password', 'https://user:hunter22@example.org/a', ['PROFILE_REFUSED', /must not hold credentials/]],
    ['of git with a token', 'git+https://token123@example.org/a', ['PROFILE_REFUSED', /must not hold credentials/]],
    ['of git over its own protocol', 'git+git://example.org/a', ['PROFILE_REFUSED', /not over git/]],
    ['of git over http', 'git+http://example.org/a', ['PROFILE_REFUSED', /not over http/]],
    ['that makes git run a program', 'git+ext::sh -c id', ['PROFILE_REFUSED', /not over ext/]],
    [
      'whose ref is an option',
      'git+https://h/a#ref=--upload-pack=id',
      ['PROFILE_REFUSED', /not a branch, tag or commit/],
    ],
    ['whose ref is a pattern', 'git+https://h/a#ref=v*', ['PROFILE_REFUSED', /not a branch, tag or commit/]],
    ['whose ref is an expression', 'git+https://h/a#ref=main@{1}', ['PROFILE_REFUSED', /not a branch, tag or commit/]],
    ['whose ref is two', 'git+https://h/a#ref=a..b', ['PROFILE_REFUSED', /not a branch, tag or commit/]],
    ['whose host is an option', 'git+ssh://-oProxyCommand=id/a', ['PROFILE_REFUSED', /dash|expected PATH/]],
    ['whose folder leads out', 'git+https://h/a#path=../b', ['PROFILE_REFUSED', /leads out of the repository/]],
    ['whose folder is absolute', 'git+https://h/a#path=/etc', ['PROFILE_REFUSED', /leads out of the repository/]],
    ['of a ConfigMap with a way up', 'configmap:a/../b', ['PROFILE_REFUSED', /configmap:NAME/]],
  ];
  test.each(refused)('%s is refused', (_name, text, [code, message]) => {
    let thrown: unknown;
    try {
      parseSource(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(JSON.stringify(thrown)).not.toMatch(/hunter22|token123/);
    expect(String(thrown)).not.toMatch(/hunter22|token123/);
  });

  test.each([
    ['https://github.com/org/repo', 'git+https://github.com/org/repo;'],
    ['https://github.com/org/repo.git', 'git+https://github.com/org/repo.git;'],
    [
      'https://github.com/org/repo/tree/main/profiles/one',
      'git+https://github.com/org/repo#ref=main&path=profiles/one;',
    ],
    ['https://gitlab.com/group/sub/repo/-/tree/v1/', 'git+https://gitlab.com/group/sub/repo#ref=v1;'],
    ['https://example.org/a.tar.gz', 'Add the SHA-256 of the file'],
  ])('%s is unpinned, and the remedy has %s', (text, remedy) => {
    expect(() => parseSource(text)).toThrow(
      expect.objectContaining({ code: 'PROFILE_UNPINNED', remedy: expect.stringContaining(remedy) }),
    );
  });

  test('is shown without what stands before its host', () => {
    expect(showSource('git+https://user:pass@example.org/a@b')).toBe('git+https://***@example.org/a@b');
  });
});

describe('credentials for hosts', () => {
  const read = (text: string) => readHostCredentials(new Secret(text));

  test('become the header of their own host and of no other', () => {
    const credentials = read(
      'git.example.org: {bearer: abcdef1}\n"files.example.org:8443": {username: u, password: p:q}\n',
    );
    const header = (url: string) => credentials.headerFor(new URL(url))?.reveal();
    expect(header('https://git.example.org/a')).toBe('Bearer abcdef1');
    expect(header('https://files.example.org:8443/a')).toBe(`Basic ${Buffer.from('u:p:q').toString('base64')}`);
    expect(header('https://files.example.org/a')).toBeUndefined();
    expect(header('https://git.example.org.evil.example/a')).toBeUndefined();
    expect(credentials.secrets.map(secret => secret.reveal())).toContain('abcdef1');
    expect(JSON.stringify(credentials)).not.toContain('abcdef1');
  });

  test.each([
    ['no mapping', 'sesame-open'],
    ['an unknown key', 'h: {token: sesame-open}'],
    ['an address for a host', '"https://h/": {bearer: sesame-open}'],
    ['two lines', 'h: {bearer: "sesame-open\\r\\nX: y"}'],
    ['no YAML', 'h: {bearer: sesame-open'],
  ])('that are %s are refused without being shown', (_name, text) => {
    expect(() => read(text)).toThrow(/^profile-credentials: /);
    expect(() => read(text)).not.toThrow(/sesame-open/);
  });

  test('may lie in a file', () => {
    expect(() => read('/nonexistent/credentials.yml')).toThrow(/cannot be read/);
    expect(readHostCredentials(undefined).headerFor(new URL('https://h/'))).toBeUndefined();
  });
});
