// SPDX-License-Identifier: Apache-2.0
// Who asks the service: a key that was given, or the job, by the ID token of its CI system or cluster.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Environment, resolveValues } from '../request/index.ts';
import { findIdToken } from './id-token-sources.ts';
import { toServerRequest } from './server-request.ts';
import { Asking, failureOf } from './testing/asking.ts';
import { refuse, send } from './testing/fake-service.ts';
import { TokenGiver, unsignedToken } from './testing/token-giver.ts';

let asking: Asking;
let giver: TokenGiver;
beforeEach(async () => {
  asking = await Asking.open();
  giver = await TokenGiver.open((request, response) => send(response, 200, answerTo(request.url)));
  await asking.keep();
});
afterEach(async () => {
  await asking[Symbol.asyncDispose]();
  await giver[Symbol.asyncDispose]();
});

const answerTo = (url = '') => {
  const aud = new URL(url, 'http://x').searchParams.get('audience');
  return aud === null ? { oidcToken: unsignedToken({ aud: azureAudience }) } : { value: unsignedToken({ aud }) };
};
const azureAudience = 'api://AzureADTokenExchange';

const github = () => ({
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: giver.url,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token-of-the-job',
});
const azure = () => ({ TF_BUILD: 'True', SYSTEM_OIDCREQUESTURI: giver.url, SYSTEM_ACCESSTOKEN: 'access-token-of-job' });
const ours = () => unsignedToken({ aud: asking.service.url });

/** As the command reads it. */
function serverOf(environment: Environment, flags: Record<string, string> = {}) {
  const given = { server: asking.service.url, targets: ['deployment/web'], namespace: ['shop'], profile: ['base'] };
  const sources = { flags: { ...given, ...flags }, environment, file: undefined };
  return toServerRequest(resolveValues(sources), sources).server;
}

const signIn = (environment: Environment, flags: Record<string, string> = {}) =>
  asking.ask({ server: serverOf(environment, flags) });

const keysUsed = () => new Set(asking.service.headers.flatMap(({ authorization }) => authorization ?? []));
const claimsOf = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { aud: string };

describe('the ID token is that', () => {
  test('of GitHub Actions, asked for with the address of the service as audience', async () => {
    expect((await signIn(github())).verdict.verdict).toBe('pass');
    const [request] = giver.asked;
    expect([request?.method, request?.headers.authorization]).toEqual(['GET', 'Bearer request-token-of-the-job']);
    expect(request?.url).toBe(`/job?of=test&audience=${encodeURIComponent(asking.service.url)}`);
    expect(asking.service.tokens.map(claimsOf)).toEqual([expect.objectContaining({ aud: asking.service.url })]);
    expect(keysUsed()).toEqual(new Set(['Bearer cs_key1_of-the-fake-service']));
    expect(asking.notices[0]).toMatch(/^Signed in at http.* of GitHub Actions: team shop, scanner, by rule ci\/main$/);
  });

  test('of GitHub Actions for the audience that was named', async () => {
    await signIn(github(), { 'server-audience': 'scans' });
    expect(claimsOf(asking.service.tokens[0]).aud).toBe('scans');
  });

  test('of Azure Pipelines, whose audience is nobody’s choice', async () => {
    expect((await signIn(azure())).verdict.verdict).toBe('pass');
    const [request] = giver.asked;
    expect([request?.method, request?.headers.authorization]).toEqual(['POST', 'Bearer access-token-of-job']);
    expect(request?.url).toBe('/job?of=test&api-version=7.1-preview.1');
    expect(claimsOf(asking.service.tokens[0]).aud).toBe(azureAudience);
  });

  test('of CircleCI', async () => {
    const token = unsignedToken({ aud: 'organization' });
    expect((await signIn({ CIRCLECI: 'true', CIRCLE_OIDC_TOKEN_V2: token })).verdict.verdict).toBe('pass');
    expect(asking.service.tokens).toEqual([token]);
  });

  test('of the variable of GitLab, or of one that is named', async () => {
    const [token, other] = [ours(), ours().replace('c2ln', 'c2lo')];
    await signIn({ CINC_SCAN_ID_TOKEN: token });
    await signIn({ OTHER: other }, { 'id-token-variable': 'OTHER' });
    expect(asking.service.tokens).toEqual([token, other]);
  });

  test('of a file, which is read again for the next key', async () => {
    const path = join(asking.root, 'token');
    writeFileSync(path, `${ours()}\n`);
    asking.service.keyMs = 30_000;
    asking.service.on('token', (_, response, body) => {
      asking.service.tokens.push((JSON.parse(body) as { token: string }).token);
      writeFileSync(path, unsignedToken({ aud: asking.service.url, n: 2, exp: Date.now() / 1000 + 900 }));
      const [key, rule] = [`cs_key${asking.service.tokens.length}`, { issuer: 'c', rule: 'r' }];
      const expiresAt = new Date(Date.now() + 30_000).toISOString();
      send(response, 201, { key, expiresAt, team: 'shop', role: 'scanner', scope: null, ...rule });
    });
    writeFileSync(path, unsignedToken({ aud: asking.service.url, exp: Date.now() / 1000 + 30 }));
    expect((await signIn({}, { 'id-token': path })).verdict.verdict).toBe('pass');
    expect(new Set(asking.service.tokens).size).toBe(2);
  });

  test('that a cluster has mounted, where no CI system has one', async () => {
    const path = join(asking.root, 'mounted');
    writeFileSync(path, ours());
    expect(findIdToken({}, path).name).toBe(path);
    expect(findIdToken(github(), path).name).toBe('GitHub Actions');
    expect(
      await findIdToken({}, path).get('', { environment: {}, signal: undefined, pause: async () => undefined }),
    ).toBe(readFileSync(path, 'utf8'));
  });
});

describe('who asks', () => {
  test('is a key that was given, whatever else there is', async () => {
    await signIn({ ...github(), CINC_SCAN_SERVER_TOKEN: 'cs_given_key-of-the-team' });
    expect(giver.asked).toEqual([]);
    expect(asking.service.tokens).toEqual([]);
    expect(keysUsed()).toEqual(new Set(['Bearer cs_given_key-of-the-team']));
  });

  test.each([
    ['CINC_SCAN_ID_TOKEN', 'a.b.c', /server-token and id-token are mutually exclusive/],
    ['CINC_SCAN_SERVER_AUDIENCE', 'scans', /server-token and server-audience are mutually exclusive/],
    ['CINC_SCAN_SERVER_TEAM', 'shop', /server-token and server-team are mutually exclusive/],
  ])('is said once: not by a key and by %s', (name, value, said) => {
    expect(() => serverOf({ CINC_SCAN_SERVER_TOKEN: 'cs_given', [name]: value })).toThrow(said);
  });

  test('is an error that names all that was looked for, where nothing was found', () => {
    const looked = [
      /server-token \(CINC_SCAN_SERVER_TOKEN\)/,
      /id-token \(CINC_SCAN_ID_TOKEN\)/,
      /ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN/,
      /SYSTEM_OIDCREQUESTURI and SYSTEM_ACCESSTOKEN/,
      /CIRCLE_OIDC_TOKEN_V2/,
      /GitLab: CINC_SCAN_ID_TOKEN/,
      /a mounted \/var\/run\/secrets\/cinc-scan\/token/,
    ];
    for (const said of looked) expect(() => serverOf({})).toThrow(said);
    expect(() => serverOf({ OTHER: '' }, { 'id-token-variable': 'OTHER' })).toThrow(/the variable OTHER is not set/);
  });

  test.each([
    [{ GITHUB_ACTIONS: 'true' }, /permissions: id-token: write/],
    [{ TF_BUILD: 'True', SYSTEM_OIDCREQUESTURI: 'https://x' }, /SYSTEM_ACCESSTOKEN: \$\(System.AccessToken\)/],
    [{ GITLAB_CI: 'true' }, /id_tokens: \{ CINC_SCAN_ID_TOKEN/],
    [{ CIRCLECI: 'true' }, /except for those of forks/],
    [{}, /CINC_SCAN_SERVER_TOKEN/],
  ])('is told how in %j', (environment, remedy) => {
    expect(() => serverOf(environment)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', exit: 2, remedy: expect.stringMatching(remedy) }),
    );
  });
});

describe('what is no ID token for the service is not sent there', () => {
  const secret = 'secret-part-of-the-text';
  test.each<[string, TokenGiver['answer'], RegExp]>([
    ['a refusal', (_, response) => send(response, 403, { message: secret }), /it answered 403/],
    ['a page', (_, response) => response.end(`<h1>${secret}</h1>`), /its answer has no value/],
    ['another field', (_, response) => send(response, 200, { token: secret }), /its answer has no value/],
    ['no text', (_, response) => send(response, 200, { value: { a: secret } }), /its answer has no value/],
    ['no token', (_, response) => send(response, 200, { value: secret }), /three parts/],
    ['no claims', (_, response) => send(response, 200, { value: `a.${secret}.c` }), /not a JSON object/],
    ['no end', (_, response) => send(response, 200, { value: unsignedToken({ exp: 'x', secret }) }), /when it ends/],
    [
      'a token for somebody else',
      (_, response) => send(response, 200, { value: unsignedToken({ aud: 'https://bank.example', secret }) }),
      /is for https:\/\/bank\.example, and not for http/,
    ],
    [
      'a token for several',
      (_, response) => send(response, 200, { value: unsignedToken({ aud: [asking.service.url, 'other'], secret }) }),
      /, other, and not for/,
    ],
    [
      'a long text',
      (_, response) => send(response, 200, { value: `a.${'b'.repeat(20_000)}.${secret}` }),
      /longer than 16384/,
    ],
    ['an answer without end', (_, response) => response.end('x'.repeat(100_000)), /too long/],
    [
      'another address',
      (_, response) => response.writeHead(302, { location: asking.service.url }).end(),
      /redirects are not followed/,
    ],
  ])('%s', async (_, answer, said) => {
    giver.answer = answer;
    const found = await signIn(github());
    expect(failureOf(found)).toMatchObject({ code: 'ID_TOKEN_UNAVAILABLE', message: expect.stringMatching(said) });
    expect(found.verdict.exitCode).toBe(4);
    expect(asking.service.asked).toEqual([]);
    const all = JSON.stringify([asking.told, found.model, failureOf(found)?.message]);
    expect(all).not.toContain(secret);
    expect(all).not.toContain('request-token-of-the-job');
  });

  test.each([
    ['CINC_SCAN_ID_TOKEN', {}],
    ['OTHER', { 'id-token-variable': 'OTHER' }],
    ['CIRCLE_OIDC_TOKEN_V2', { 'server-audience': 'https://scans.example' }],
  ])('a token of %s for another audience', async (variable, flags) => {
    const found = await signIn({ [variable]: unsignedToken({ aud: 'https://vault.example' }) }, flags);
    expect(failureOf(found)?.message).toMatch(/is for https:\/\/vault\.example, and not for .* alone: it is not sent/);
    expect(asking.service.asked).toEqual([]);
  });

  test('an address that others read on the way is not asked', async () => {
    const found = await signIn({ ...github(), ACTIONS_ID_TOKEN_REQUEST_URL: 'http://tokens.example/' });
    expect(failureOf(found)?.message).toMatch(/ACTIONS_ID_TOKEN_REQUEST_URL is not an address of https/);
  });

  test('a CI system that fails for a moment is asked again', async () => {
    const well = giver.answer;
    giver.answer = (request, response) => (giver.asked.length < 3 ? send(response, 503, {}) : well(request, response));
    expect((await signIn(github())).verdict.verdict).toBe('pass');
    expect(giver.asked).toHaveLength(3);
  });
});

describe('the key', () => {
  test('is got anew before it ends, for a token that is new too', async () => {
    asking.service.keyMs = 30_000;
    giver.answer = (_, response) =>
      send(response, 200, { value: unsignedToken({ aud: asking.service.url, exp: Date.now() / 1000 + 30 }) });
    expect((await signIn(github())).verdict.verdict).toBe('pass');
    expect(asking.service.tokens.length).toBeGreaterThan(2);
    expect(giver.asked.length).toBe(asking.service.tokens.length);
    expect(asking.notices.filter(text => text.startsWith('Signed in'))).toHaveLength(1);
  });

  test('is one for the whole scan where it lasts that long', async () => {
    await signIn(github());
    expect(asking.service.tokens).toHaveLength(1);
  });

  test('that the service takes no more is replaced, once', async () => {
    const { service } = asking;
    service.on('scan', ({ headers }, response) =>
      headers.authorization?.includes('cs_key1_') === true
        ? refuse(response, 401, { code: 'SERVICE_KEY_INVALID', detail: 'It has expired' })
        : send(response, 200, service.scan),
    );
    expect((await signIn(github())).verdict.verdict).toBe('pass');
    expect(service.tokens).toHaveLength(2);
    service.on('scan', (_, response) =>
      refuse(response, 401, { code: 'SERVICE_KEY_INVALID', detail: 'It is revoked' }),
    );
    expect(failureOf(await signIn(github()))).toMatchObject({ code: 'SERVICE_KEY_INVALID' });
    expect(service.tokens).toHaveLength(4);
  });

  test('that ends after its token, which cannot be had again, is the last', async () => {
    const { service } = asking;
    service.on('scan', (_, response) =>
      refuse(response, 401, { code: 'SERVICE_KEY_INVALID', detail: 'It has expired' }),
    );
    const token = unsignedToken({ aud: service.url, exp: Date.now() / 1000 - 1 });
    const failure = failureOf(await signIn({ CINC_SCAN_ID_TOKEN: token }));
    expect(failure).toMatchObject({
      code: 'ID_TOKEN_UNAVAILABLE',
      message: expect.stringMatching(/has ended, and so has the ID token of id-token, at 20/),
      remedy: expect.stringContaining('minutes'),
    });
    expect(service.tokens).toHaveLength(1);
  });

  test('is not had for a token that the service refuses, which says why', async () => {
    const detail = 'No rule takes the claims of the token';
    asking.service.on('token', (_, response) => refuse(response, 401, { code: 'SERVICE_TOKEN_REFUSED', detail }));
    const found = await signIn(github());
    expect(failureOf(found)).toMatchObject({ code: 'SERVICE_TOKEN_REFUSED', message: expect.stringContaining(detail) });
    expect([found.verdict.exitCode, asking.service.times('/scans')]).toEqual([4, 0]);
  });

  test('is asked for in the name of a team where one is named', async () => {
    let body = '';
    const { service } = asking;
    service.on('token', (_, response, text) => {
      body = text;
      refuse(response, 401, { code: 'SERVICE_TOKEN_REFUSED', detail: 'no' });
    });
    await signIn({ CINC_SCAN_ID_TOKEN: ours(), CINC_SCAN_SERVER_TEAM: 'shop' });
    expect(JSON.parse(body)).toMatchObject({ team: 'shop' });
  });

  test('and the token stand in nothing that a run leaves or tells', async () => {
    await signIn({ ...github() }, { 'log-level': 'debug' });
    const files = readdirSync(join(asking.root, 'out')).map(name =>
      readFileSync(join(asking.root, 'out', name), 'utf8'),
    );
    const all = [JSON.stringify(asking.told), ...files].join('\n');
    for (const secret of ['cs_key1', asking.service.tokens[0] ?? '', 'request-token-of-the-job'])
      expect(all).not.toContain(secret);
  });
});
