// SPDX-License-Identifier: Apache-2.0
// An issuer of tokens over real HTTP, which can be told to misbehave.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

export type Answering =
  | 'well'
  | 'garbage'
  | 'nothing'
  | 'slowly'
  | 'without end'
  | 'elsewhere'
  | 'as another'
  | 'an error';

export interface TestIssuer extends AsyncDisposable {
  url: string;
  /** How many times its keys were asked for. */
  asked: number;
  answering: Answering;
  /** Where keys are said to be; its own place where there is none. */
  keysAt: string | undefined;
  keys: JWK[];
  /** A new key, which signs from now on. */
  rotate(algorithm?: string): Promise<void>;
  sign(claims: Record<string, unknown>, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** Without the name of its key. */
  signNameless(claims: Record<string, unknown>): Promise<string>;
}

const minute = 60;

export async function startIssuer(): Promise<TestIssuer> {
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const { answering, keys, keysAt, url } = issuer;
    if (request.url === '/jwks') issuer.asked += 1;
    const misbehaved = request.url === '/jwks' && misbehave(answering, response, held);
    if (misbehaved) return;
    response.setHeader('content-type', 'application/json');
    const discovery = {
      issuer: answering === 'as another' ? 'https://other.example' : url,
      jwks_uri: keysAt ?? `${url}/jwks`,
    };
    response.end(JSON.stringify(request.url === '/jwks' ? { keys } : discovery));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let current: Awaited<ReturnType<typeof makeKey>>;
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: 0,
    answering: 'well',
    keysAt: undefined,
    keys: [],
    async rotate(algorithm = 'RS256') {
      current = await makeKey(algorithm);
      issuer.keys.push(current.jwk);
    },
    signNameless(claims) {
      return new SignJWT(claims).setProtectedHeader({ alg: current.algorithm }).sign(current.privateKey);
    },
    sign(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: issuer.url, iat: now, exp: now + 5 * minute, ...claims })
        .setProtectedHeader({ alg: current.algorithm, kid: current.jwk.kid, ...header })
        .sign(current.privateKey);
    },
    async [Symbol.asyncDispose]() {
      for (const response of held) response.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  await issuer.rotate();
  return issuer;
}

let count = 0;

async function makeKey(algorithm: string) {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  count += 1;
  return {
    algorithm,
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid: `key-${count}`, alg: algorithm, use: 'sig' },
  };
}

function misbehave(how: Answering, response: ServerResponse, held: Set<ServerResponse>): boolean {
  switch (how) {
    case 'garbage':
      response.end('<html>\u001b[31mnot keys</html>');
      return true;
    case 'nothing':
      response.end('{"keys":[]}');
      return true;
    case 'slowly':
      held.add(response);
      response.write('{"keys":[');
      return true;
    case 'without end':
      response.write('{"keys":["');
      for (let n = 0; n < 40; n += 1) response.write('x'.repeat(16_384));
      held.add(response);
      return true;
    case 'elsewhere':
      response.writeHead(302, { location: 'http://127.0.0.1:1/inner' }).end();
      return true;
    case 'an error':
      response.writeHead(500).end();
      return true;
    case 'well':
    case 'as another':
      return false;
  }
}
