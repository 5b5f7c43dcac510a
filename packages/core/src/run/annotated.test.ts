// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { isAllowed } from './annotated.ts';

const allowed = ['git+https://git.example.org/profiles/*', 'configmap:shop/one'];

test.each(['git+https://git.example.org/profiles/web', 'git+https://git.example.org/profiles/a#ref=v1&path=b'])(
  '%j is below what is allowed',
  source => expect(isAllowed(source, allowed)).toBe(true),
);

test.each([
  'git+https://git.example.org/profiles/',
  'git+https://git.example.org/profiles/..',
  // URL parsers drop these at the end, and some within.
  ...['\x12', '\0', '\x1f', '\t', '\n', ' ', '\x7f', '\u00A0', '\u200B', '\uFEFF'].map(
    mark => `git+https://git.example.org/profiles/..${mark}`,
  ),
  'git+https://git.example.org/profiles/.\t./other',
  'git+https://git.example.org/profiles/a/../..',
  'git+https://git.example.org/profiles/%2e%2e',
  'git+https://git.example.org/profiles/a#path=..',
  'git+https://git.example.org/other',
  'configmap:shop/one\x01',
])('%j is not', source => expect(isAllowed(source, allowed)).toBe(false));
