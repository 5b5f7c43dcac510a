// SPDX-License-Identifier: Apache-2.0

import { addressRules } from '@cinc-scan/core';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answering, startIssuer, type TestIssuer } from '../testing/test-issuer.ts';
import { IssuerKeys } from './issuer-keys.ts';

const servers: TestIssuer[] = [];
let issuer: TestIssuer;
let now: number;
let keys: IssuerKeys;

beforeEach(async () => {
  issuer = await startIssuer();
  servers.push(issuer);
  now = 1_000_000;
  keys = open();
});
afterAll(async () => {
  for (const each of servers) await each[Symbol.asyncDispose]();
});

const open = (allowed = ['127.0.0.0/8']) =>
  new IssuerKeys({ addresses: addressRules(allowed), environment: {}, now: () => now, answerMs: 500 });
const source = () => ({ url: issuer.url, jwks: null });
const hasSigned = async (text: string) => keys.hasSigned({ text }, source());

test('an issuer is asked once for many tokens, also by those who come at the same time', async () => {
  const text = await issuer.sign({ sub: 'a' });
  expect(await Promise.all([hasSigned(text), hasSigned(text), hasSigned(text)])).toEqual([true, true, true]);
  now += 599_000;
  expect(await hasSigned(text)).toBe(true);
  expect(issuer.asked).toBe(1);
  now += 2000;
  expect(await hasSigned(text)).toBe(true);
  expect(issuer.asked).toBe(2);
});

test('a key that is new is found, but not more often than now and then', async () => {
  const old = await issuer.sign({ sub: 'a' });
  expect(await hasSigned(old)).toBe(true);
  await issuer.rotate();
  const text = await issuer.sign({ sub: 'a' });
  expect(await hasSigned(text)).toBe(false);
  expect(issuer.asked).toBe(1);
  now += 31_000;
  expect(await hasSigned(text)).toBe(true);
  const unknown = await issuer.sign({ sub: 'a' }, { kid: 'nobody' });
  for (let n = 0; n < 5; n += 1) expect(await hasSigned(unknown)).toBe(false);
  expect(issuer.asked).toBe(2);
});

test('a key that the issuer took back is not believed when the keys are old', async () => {
  const text = await issuer.sign({ sub: 'a' });
  expect(await hasSigned(text)).toBe(true);
  issuer.keys.length = 0;
  await issuer.rotate();
  now += 601_000;
  expect(await hasSigned(text)).toBe(false);
});

test('an issuer that cannot be asked is not asked again at once, and its keys are believed until they are old', async () => {
  const text = await issuer.sign({ sub: 'a' });
  expect(await hasSigned(text)).toBe(true);
  issuer.answering = 'an error';
  now += 31_000;
  const unknown = await issuer.sign({ sub: 'a' }, { kid: 'nobody' });
  expect(await hasSigned(unknown)).toBe(false);
  expect(await hasSigned(text)).toBe(true);
  now += 601_000;
  const asked = issuer.asked;
  for (let n = 0; n < 3; n += 1) await expect(hasSigned(text)).rejects.toMatchObject({ code: 'ISSUER_UNUSABLE' });
  expect(issuer.asked).toBe(asked + 1);
  issuer.answering = 'well';
  now += 11_000;
  expect(await hasSigned(text)).toBe(true);
});

test('no more than 200 issuers are kept', async () => {
  expect(await hasSigned(await issuer.sign({ sub: 'a' }))).toBe(true);
  for (let n = 0; n < 200; n += 1)
    await expect(keys.hasSigned({ text: 'a.b.c' }, { url: `${issuer.url}/${n}`, jwks: null })).rejects.toThrow();
  expect(await hasSigned(await issuer.sign({ sub: 'a' }))).toBe(true);
  expect(issuer.asked).toBe(2);
});

describe('an issuer that answers', () => {
  const unusable: [how: Answering, why: RegExp][] = [
    ['garbage', /not JSON/],
    ['nothing', /not what an issuer answers/],
    ['slowly', /no answer within 500 ms/],
    ['without end', /too long/],
    ['elsewhere', /302: redirects are not followed/],
    ['as another', /another issuer/],
    ['an error', /it answered 500/],
  ];
  test.each(unusable)('%s cannot be used, and the error says why', async (how, why) => {
    issuer.answering = how;
    const refusal = await keys.count(issuer.url).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'ISSUER_UNUSABLE', message: expect.stringMatching(why) });
    for (const sent of ['\u001b', '<html>']) expect(String(refusal)).not.toContain(sent);
  });

  test('from where we may not go cannot be used', async () => {
    keys = open([]);
    await expect(keys.count(issuer.url)).rejects.toThrow(/127\.0\.0\.1 is not a public address/);
    expect(issuer.asked).toBe(0);
    keys = open();
    issuer.keysAt = 'https://10.0.0.1/jwks';
    await expect(keys.count(issuer.url)).rejects.toThrow(/10\.0\.0\.1 is not a public address/);
    issuer.keysAt = 'http://keys.example/jwks';
    await expect(keys.count(issuer.url)).rejects.toThrow(/not one of https/);
    issuer.keysAt = 'file:///etc/passwd';
    await expect(keys.count(issuer.url)).rejects.toThrow(/not one of https/);
  });
});

test.each(['RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])('tokens that are signed by %s are taken', async algorithm => {
  await issuer.rotate(algorithm);
  expect(await hasSigned(await issuer.sign({ sub: 'a' }))).toBe(true);
});

test('a token without the name of its key is tried with each', async () => {
  await issuer.rotate();
  const text = await issuer.signNameless({ sub: 'a' });
  expect(await hasSigned(text)).toBe(true);
  const other = await startIssuer();
  servers.push(other);
  expect(await hasSigned(await other.signNameless({ sub: 'a' }))).toBe(false);
});
