// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readProvider, readPublicOrigin } from './sign-in-options.ts';

const oidcScopes = ['profile'];
const given = { oidcIssuer: 'https://id.example', oidcClient: 'scans', oidcScopes };
const invalid = expect.objectContaining({ code: 'INPUT_INVALID' });

test('people sign in where a provider and a client are named, with a secret that no argument holds', async () => {
  expect(readProvider({ oidcScopes }, { CINC_SCAN_OIDC_SECRET: 'x' })).toBeUndefined();
  const provider = readProvider(given, { CINC_SCAN_OIDC_SECRET: 'hunter2' });
  expect(provider).toMatchObject({ issuer: 'https://id.example', clientId: 'scans', scopes: ['openid', 'profile'] });
  expect(provider?.clientSecret?.reveal()).toBe('hunter2');
  expect(JSON.stringify(provider)).not.toContain('hunter2');
  expect(readProvider(given, {})?.clientSecret).toBeUndefined();
  const folder = await mkdtemp(join(tmpdir(), 'cst-oidc-'));
  try {
    const oidcSecretFile = join(folder, 'secret');
    expect(() => readProvider({ ...given, oidcSecretFile }, {})).toThrow(invalid);
    writeFileSync(oidcSecretFile, 'from a file\n');
    expect(readProvider({ ...given, oidcSecretFile }, {})?.clientSecret?.reveal()).toBe('from a file');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  [{ oidcIssuer: 'https://id.example' }],
  [{ oidcClient: 'scans' }],
  [{ oidcSecretFile: 'x' }],
  [{ ...given, oidcIssuer: 'http://id.example' }],
  [{ ...given, oidcIssuer: 'https://a:b@id.example' }],
  [{ ...given, oidcIssuer: 'id.example' }],
])('a provider of %j is refused', options => {
  expect(() => readProvider({ oidcScopes, ...options }, {})).toThrow(invalid);
});

test.each([
  ['https://scans.example', 'https://scans.example'],
  ['https://scans.example:443/', 'https://scans.example'],
  ['http://127.0.0.1:8190', 'http://127.0.0.1:8190'],
  ['http://scans.example', undefined],
  ['https://example/scans', undefined],
  ['scans.example', undefined],
])('of %s the origin is %s', (publicUrl, origin) => {
  const read = () => readPublicOrigin({ publicUrl, oidcScopes });
  if (origin === undefined) expect(read).toThrow(invalid);
  else expect(read()).toBe(origin);
});
