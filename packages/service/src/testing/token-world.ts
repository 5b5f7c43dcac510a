// SPDX-License-Identifier: Apache-2.0
// Two teams, an API and issuers of tokens, as tests of tokens want them.
import { pino } from 'pino';
import type { Answer } from './api-client.ts';
import { serveApi, type TestApi } from './api-server.ts';
import type { PostgresServer } from './postgres.ts';
import { openTestStore, type TestStore } from './stores.ts';
import { startIssuer, type TestIssuer } from './test-issuer.ts';
import { makeWorld, type World } from './world.ts';

export const audience = 'https://scans.example';

/** Claims of a token of GitHub, and a rule for them. */
export const github = {
  aud: audience,
  sub: 'repo:org/app:ref:refs/heads/main',
  repository: 'org/app',
  repository_owner: 'org',
  ref: 'refs/heads/main',
  event_name: 'push',
};
export const mainOfApp = { repository: 'org/app', ref: 'refs/heads/main' };

type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

export class TokenWorld implements AsyncDisposable {
  readonly parts: TestStore;
  readonly world: World;
  readonly served: TestApi;
  readonly logged: string[];
  private readonly owned: AsyncDisposableStack;

  private constructor(of: Pick<TokenWorld, 'parts' | 'world' | 'served' | 'logged'>, owned: AsyncDisposableStack) {
    this.parts = of.parts;
    this.world = of.world;
    this.served = of.served;
    this.logged = of.logged;
    this.owned = owned;
  }

  static async open(server: PostgresServer | undefined): Promise<TokenWorld> {
    await using stack = new AsyncDisposableStack();
    const logged: string[] = [];
    const logger = pino({ level: 'warn' }, { write: text => void logged.push(text) });
    const parts = stack.use(await openTestStore(server));
    const world = await makeWorld(parts);
    const served = stack.use(await serveApi(parts, { logger }));
    return new TokenWorld({ parts, world, served, logged }, stack.move());
  }

  async startIssuer(): Promise<TestIssuer> {
    return this.owned.use(await startIssuer());
  }

  as(key: string): Ask {
    return (method, path, body) => this.served.client.call(method, path, { key, body });
  }

  get asAdmin(): Ask {
    return this.as(this.world.keys.shop);
  }

  get asBank(): Ask {
    return this.as(this.world.keys.bank);
  }

  get asOperator(): Ask {
    return this.as(this.world.keys.operator);
  }

  exchange(token: string, team?: string): Promise<Answer> {
    return this.served.client.call('POST', '/token', { body: { token, ...(team !== undefined && { team }) } });
  }

  /** Status, code and detail of what became of it. */
  async saidOf(token: string, team?: string): Promise<unknown[]> {
    const { status, body } = await this.exchange(token, team);
    return [status, body['code'], body['detail']];
  }

  /** Its id; for the team shop. */
  register(from: TestIssuer, name: string): Promise<string> {
    return idOf(this.asAdmin('POST', '/issuers', { name, url: from.url, audience }));
  }

  addRule(issuer: string, rule: object): Promise<string> {
    return idOf(this.asAdmin('POST', `/issuers/${issuer}/rules`, ruleOf(rule)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}

export const ruleOf = (rule: object) => ({ name: 'main', claims: mainOfApp, role: 'scanner', ...rule });

export async function idOf(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer;
  if (status !== 201) throw new Error(`${status} ${String(body['detail'])}`);
  return String(body['id']);
}
