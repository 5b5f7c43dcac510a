// SPDX-License-Identifier: Apache-2.0
// A certified OpenID provider over real HTTP, at which whoever comes is who the test says.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';

export interface TestProvider extends AsyncDisposable {
  url: string;
  clientId: string;
  clientSecret: string;
  /** Who comes next, with claims of the ID token and of the user info. */
  person: { sub: string; idToken?: Record<string, unknown>; userInfo?: Record<string, unknown> };
  /** What it answers instead of a code. */
  refuses: boolean;
  /** Says that its key is another one than it signs with. */
  isForged: boolean;
  /** Answers nothing but 500. */
  isDown: boolean;
}

const [clientId, clientSecret] = ['scans', 'secret-of-the-client-0123456789'];

interface Context {
  oidc: { provider: Provider; client: { clientId: string }; session: { accountId: string | undefined } };
}

export async function startProvider(redirectUri: () => string): Promise<TestProvider> {
  const server = createServer((request, response) => {
    if (provider.isDown) return void response.writeHead(500).end();
    if (provider.isForged && request.url === '/jwks') return sendKeys(response, otherKey);
    if (request.url?.startsWith('/interaction/') !== true) return void handle()(request, response);
    const result = provider.refuses
      ? { error: 'access_denied', error_description: 'not <b>today</b>' }
      : { login: { accountId: provider.person.sub } };
    void oidc().interactionFinished(request, response, result);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const named = { alg: 'RS256', use: 'sig', kid: 'one' };
  const jwk = { ...(await exportJWK(privateKey)), ...named };
  const otherKey = { ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), ...named };
  const provider: TestProvider = {
    url,
    clientId,
    clientSecret,
    person: { sub: 'ann' },
    refuses: false,
    isForged: false,
    isDown: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  let made: Provider | undefined;
  // At the first request: by then it is known where the service listens.
  const oidc = () => (made ??= new Provider(url, configurationOf(provider, jwk, redirectUri())));
  let callback: ReturnType<Provider['callback']> | undefined;
  const handle = () => (callback ??= oidc().callback());
  return provider;
}

function sendKeys(response: ServerResponse, key: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ keys: [key] }));
}

function configurationOf(provider: TestProvider, jwk: object, redirectUri: string) {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    adapter: createMemoryAdapter(10), // else it warns of having chosen it
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key for cookies'] },
    pkce: { required: () => true },
    scopes: ['openid', 'profile', 'email'],
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction/x' },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: (use: string) => ({ sub, ...(use === 'id_token' ? provider.person.idToken : provider.person.userInfo) }),
    }),
    async loadExistingGrant({ oidc: { provider: oidc, client, session } }: Context) {
      const grant = new oidc.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
}
