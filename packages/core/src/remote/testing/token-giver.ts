// SPDX-License-Identifier: Apache-2.0
// What CI systems answer to a job that asks for its ID token, over real HTTP; and tokens that nobody has signed.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const unsignedToken = (claims: object): string => {
  const exp = Math.floor(Date.now() / 1000) + 300;
  return `${part({ alg: 'RS256' })}.${part({ exp, sub: 'job-of-the-test', ...claims })}.c2lnbmF0dXJl`;
};

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export class TokenGiver implements AsyncDisposable {
  private readonly server = createServer((request, response) => {
    this.asked.push(request);
    return this.answer(request, response);
  });
  readonly asked: IncomingMessage[] = [];
  answer: Answer;

  private constructor(answer: Answer) {
    this.answer = answer;
  }

  static async open(answer: Answer): Promise<TokenGiver> {
    const giver = new TokenGiver(answer);
    giver.server.listen(0, '127.0.0.1');
    await once(giver.server, 'listening');
    return giver;
  }

  get url(): string {
    const address = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}/job?of=test`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
