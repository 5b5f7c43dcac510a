// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { claimPatterns, matchesPattern, requireOwner, takesClaims } from './claim-rule.ts';

test.each([
  ['org/app', 'org/app', true],
  ['org/app', 'org/app2', false],
  ['org/app', 'xorg/app', false],
  ['org/app', 'ORG/app', false],
  ['org/*', 'org/app', true],
  ['org/*', 'org/', true],
  ['org/*', 'org/a/b', false],
  ['org/*', 'org-evil/app', false],
  ['org/**', 'org/a/b', true],
  ['repo:org/*:ref:refs/heads/main', 'repo:org/app:ref:refs/heads/main', true],
  ['repo:org/*:ref:refs/heads/main', 'repo:org/app:pull_request:ref:refs/heads/main', false],
  ['repo:org/app:ref:refs/heads/*', 'repo:org/app:ref:refs/heads/release/1', false],
  ['repo:org/app:ref:refs/heads/**', 'repo:org/app:ref:refs/heads/release/1', true],
  ['refs/tags/v*', 'refs/tags/v1.2', true],
  ['a.c', 'abc', false],
  ['a*b*c', 'axxbyyc', true],
  ['a*b*c', 'axxbyy', false],
  ['[ab]+', 'a', false],
  ['a***b', 'a/b', true],
  ['ä*', 'äö', true],
])('%s takes %s: %s', (pattern, value, expected) => expect(matchesPattern(pattern, value)).toBe(expected));

test('a pattern made to take long does not', () => {
  expect(matchesPattern('**a'.repeat(99), `${'a'.repeat(5000)}b`)).toBe(false);
});

test('claims have to be there, and to be texts, numbers or lists of those', () => {
  expect(takesClaims({ repository: 'org/app' }, { repository: 'org/app', ref: 'x' })).toBe(true);
  expect(takesClaims({ repository: 'org/app', ref: 'y' }, { repository: 'org/app', ref: 'x' })).toBe(false);
  expect(takesClaims({ ref: ['x', 'y'] }, { ref: 'y' })).toBe(true);
  expect(takesClaims({ project_id: '22' }, { project_id: 22 })).toBe(true);
  expect(takesClaims({ ref_protected: 'true' }, { ref_protected: true })).toBe(true);
  expect(takesClaims({ groups: 'ops' }, { groups: ['dev', 'ops'] })).toBe(true);
  expect(takesClaims({ groups: 'ops' }, { groups: ['dev'] })).toBe(false);
  expect(takesClaims({ a: 'undefined' }, {})).toBe(false);
  expect(takesClaims({ a: 'null' }, { a: null })).toBe(false);
  expect(takesClaims({ a: '[object Object]' }, { a: {} })).toBe(false);
  expect(takesClaims({ toString: '**x**' }, {})).toBe(false);
});

test.each([
  [{}],
  [{ sub: '*' }],
  [{ sub: '***' }],
  [{ sub: '' }],
  [{ sub: [] }],
  [{ sub: 1 }],
  [{ sub: 'a\nb' }],
  [{ '': 'a' }],
])('claims %j are refused', claims => expect(claimPatterns.safeParse(claims).success).toBe(false));

const github = 'https://token.actions.githubusercontent.com';

test.each([
  [github, { repository: 'org/app' }, true],
  [github, { repository: 'org/*' }, true],
  [github, { repository: 'org*/app' }, false],
  [github, { repository: '*/app' }, false],
  [github, { repository: ['org/app', '**/app'] }, false],
  [github, { repository_owner: 'org' }, true],
  [github, { repository_owner: 'org*' }, false],
  [github, { sub: 'repo:org/app:ref:refs/heads/main' }, true],
  [github, { sub: 'repo:org@1/app@2:ref:refs/heads/main' }, true],
  [github, { sub: 'repo:*/app:ref:refs/heads/main' }, false],
  [github, { sub: '**:ref:refs/heads/main' }, false],
  [github, { ref: 'refs/heads/main' }, false],
  [`${github}/enterprise`, { ref: 'refs/heads/main' }, false],
  [github, { ref: 'refs/heads/main', repository_owner_id: '42' }, true],
  ['https://gitlab.com', { namespace_path: 'group' }, true],
  ['https://gitlab.com', { namespace_path: 'group/**' }, true],
  ['https://gitlab.com', { namespace_path: 'group*' }, false],
  ['https://gitlab.com', { project_path: 'group/app', ref_protected: 'true' }, true],
  ['https://gitlab.com', { ref_protected: 'true' }, false],
  ['https://gitlab.example', { ref_protected: 'true' }, true],
  ['https://agent.buildkite.com', { organization_slug: 'org' }, true],
  ['https://agent.buildkite.com', { pipeline_slug: 'app' }, false],
])('of %s %j says whose tokens are meant: %s', (issuer, claims, isOwned) => {
  const check = () => requireOwner(claims, issuer);
  if (isOwned) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});
