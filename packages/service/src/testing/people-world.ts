// SPDX-License-Identifier: Apache-2.0
// Two teams, an API, a provider at which people sign in, and rules for some of them.
import { addressRules, Secret } from '@cinc-scan/core';
import { pino } from 'pino';
import { SignInProvider } from '../identity/provider.ts';
import type { Answer } from './api-client.ts';
import { serveApi, type TestApi } from './api-server.ts';
import { Browser, type Visit } from './browser.ts';
import type { PostgresServer } from './postgres.ts';
import { openTestStore, type TestStore } from './stores.ts';
import { startProvider, type TestProvider } from './test-provider.ts';
import { makeWorld, type World } from './world.ts';

export type Someone = TestProvider['person'];

/** A scanner of the team shop. */
export const ops: Someone = { sub: 'ops-1', idToken: { groups: ['ops', 'dev'] }, userInfo: { name: 'Otto Ops' } };

export const sessionCookie = 'cinc_scan_session';

export class PeopleWorld implements AsyncDisposable {
  readonly parts: TestStore;
  readonly world: World;
  readonly provider: TestProvider;
  readonly served: TestApi;
  readonly logged: string[];
  browser = new Browser();
  private readonly owned: AsyncDisposableStack;

  private constructor(
    of: Pick<PeopleWorld, 'parts' | 'world' | 'provider' | 'served' | 'logged'>,
    owned: AsyncDisposableStack,
  ) {
    this.parts = of.parts;
    this.world = of.world;
    this.provider = of.provider;
    this.served = of.served;
    this.logged = of.logged;
    this.owned = owned;
  }

  static async open(server: PostgresServer | undefined): Promise<PeopleWorld> {
    await using stack = new AsyncDisposableStack();
    const logged: string[] = [];
    const parts = stack.use(await openTestStore(server));
    const world = await makeWorld(parts);
    let served: TestApi | undefined;
    const provider = stack.use(await startProvider(() => `${served?.url}/auth/callback`));
    served = stack.use(
      await serveApi(parts, {
        logger: pino({ level: 'warn' }, { write: text => void logged.push(text) }),
        provider: new SignInProvider({
          issuer: provider.url,
          clientId: provider.clientId,
          clientSecret: new Secret(provider.clientSecret),
          scopes: ['openid', 'profile', 'email'],
          addresses: addressRules(['127.0.0.0/8']),
          environment: {},
        }),
      }),
    );
    const people = new PeopleWorld({ parts, world, provider, served, logged }, stack.move());
    await people.addRules();
    return people;
  }

  private async addRules(): Promise<void> {
    await this.addRule({ name: 'ops', claims: { groups: 'ops' }, role: 'scanner' });
    await this.addRule({
      name: 'boss',
      claims: { email: 'ann@org.example', email_verified: 'true' },
      role: 'admin',
    });
    await this.addPlatformRule({ name: 'bank', team: 'bank', claims: { groups: 'bank' }, role: 'viewer' });
    await this.addPlatformRule({ name: 'platform', claims: { groups: 'platform' }, role: 'operator' });
  }

  /** As before each test: nobody is signed in, and the provider behaves. */
  reset(): void {
    this.browser = new Browser();
    this.provider.refuses = false;
    this.provider.isDown = false;
    this.logged.length = 0;
  }

  /** Its id; for the team shop. */
  addRule(body: object): Promise<string> {
    return idOf(this.served.client.call('POST', '/sign-in-rules', { key: this.world.keys.shop, body }));
  }

  addPlatformRule(body: object): Promise<string> {
    return idOf(this.served.client.call('POST', '/platform/sign-in-rules', { key: this.world.keys.operator, body }));
  }

  at(path: string): string {
    return `${this.served.url}${path}`;
  }

  signIn(person: Someone, to = '/api/v1/me'): Promise<Visit> {
    this.provider.person = person;
    return this.browser.visit(this.at(`/auth/sign-in?to=${encodeURIComponent(to)}`));
  }

  /** Up to the way back, which is the answer. */
  async leave(person: Someone, { to = '/api/v1/me', browser = this.browser } = {}): Promise<string> {
    this.provider.person = person;
    const isBack = (url: string) => url.startsWith(this.at('/auth/callback'));
    return (await browser.visit(this.at(`/auth/sign-in?to=${encodeURIComponent(to)}`), isBack)).url;
  }

  async me(headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
    const response = await this.browser.send(this.at('/api/v1/me'), { headers });
    return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
  }

  get session(): string {
    return this.browser.cookie(this.served.url, sessionCookie)?.value ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.owned.disposeAsync();
  }
}

async function idOf(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer;
  if (status !== 201) throw new Error(`${status} ${String(body['detail'])}`);
  return String(body['id']);
}
