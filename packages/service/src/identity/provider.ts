// SPDX-License-Identifier: Apache-2.0
// Where people sign in: OpenID Connect, the code flow with PKCE.
import { type AddressRules, ScanError, type Secret, toMessage } from '@cinc-scan/core';
import * as client from 'openid-client';
import type { Claims } from '../domain/claim-rule.ts';
import type { Attempt } from '../domain/sign-in-attempt.ts';
import type { Person } from '../store/people.ts';
import { guardedFetch, Unreachable } from './guarded-fetch.ts';

export interface ProviderSettings {
  /** Address of the provider, as its discovery document has it. */
  issuer: string;
  clientId: string;
  /** undefined: a client without one. */
  clientSecret: Secret | undefined;
  scopes: readonly string[];
}

export interface ProviderOptions extends ProviderSettings {
  addresses: AddressRules;
  /** Names proxies. */
  environment: Record<string, string | undefined>;
}

const [answerSeconds, mostAnswerBytes, freshMs] = [10, 1_048_576, 3_600_000];

export class SignInProvider {
  private readonly options: ProviderOptions;
  private discovered: { at: number; configuration: Promise<client.Configuration> } | undefined;

  constructor(options: ProviderOptions) {
    this.options = options;
  }

  get issuer(): string {
    return this.options.issuer;
  }

  /** Where the browser goes. Throws SERVICE_UNAVAILABLE. */
  async begin({ state, nonce, verifier }: Attempt, redirectUri: string): Promise<URL> {
    return client.buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: redirectUri,
      scope: this.options.scopes.join(' '),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
  }

  /** Who came back. Throws SERVICE_SIGN_IN_REFUSED, SERVICE_UNAVAILABLE. */
  async finish(back: URL, { state, nonce, verifier }: Attempt): Promise<Person> {
    const configuration = await this.configuration();
    try {
      const tokens = await client.authorizationCodeGrant(configuration, back, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('there is no ID token');
      const more = await readUserInfo(configuration, tokens.access_token, claims.sub);
      // What is signed wins over what is only sent.
      return toPerson(this.options.issuer, { ...more, ...claims });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  private configuration(): Promise<client.Configuration> {
    const { discovered } = this;
    if (discovered !== undefined && Date.now() - discovered.at < freshMs) return discovered.configuration;
    const fresh = { at: Date.now(), configuration: this.discover() };
    this.discovered = fresh;
    fresh.configuration.catch(() => {
      if (this.discovered === fresh) this.discovered = undefined; // the next one asks again
    });
    return fresh.configuration;
  }

  private async discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret, addresses, environment } = this.options;
    const fetch = guardedFetch({
      addresses,
      environment,
      timeoutMs: answerSeconds * 1000,
      mostBytes: mostAnswerBytes,
    });
    try {
      return await client.discovery(new URL(issuer), clientId, undefined, authentication(clientSecret), {
        [client.customFetch]: fetch,
        timeout: answerSeconds,
        // The fetch refuses open lines, but on this machine. ID tokens are believed for their signature alone.
        execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
      });
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** As the provider wants it; by the header unless it says otherwise (RFC 8414). */
function authentication(secret: Secret | undefined): client.ClientAuth {
  if (secret === undefined) return client.None();
  return (...request) => {
    const [server] = request;
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authenticate = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
    authenticate(secret.reveal())(...request);
  };
}

async function readUserInfo(configuration: client.Configuration, token: string, subject: string): Promise<Claims> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
  return client.fetchUserInfo(configuration, token, subject);
}

function toPerson(provider: string, claims: Claims): Person {
  const subject = claims['sub'];
  if (typeof subject !== 'string') throw new Error('the ID token names nobody');
  const named = ['name', 'preferred_username', 'email'].flatMap(name => textOf(claims[name]));
  return { provider, subject, name: shown(named[0] ?? subject), claims };
}

const textOf = (claim: unknown): string[] => (typeof claim === 'string' && claim.trim() !== '' ? [claim] : []);

const shown = (name: string): string => name.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 200);

const unavailable = (error: unknown) =>
  new ScanError('SERVICE_UNAVAILABLE', 'The provider that people sign in at cannot be asked now', { cause: error });

/** What the provider or its answer refuses is a refusal; that it does not answer is none. */
function refusalOf(error: unknown): ScanError {
  if (error instanceof Unreachable) return unavailable(error);
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError)
    return refused(`the provider said ${error.error.replaceAll(/[^\w.-]/g, ' ').slice(0, 100)}`, error);
  return refused(toMessage(error), error);
}

const refused = (why: string, cause: unknown) =>
  new ScanError('SERVICE_SIGN_IN_REFUSED', `The sign-in was not finished: ${why}`, { cause });
