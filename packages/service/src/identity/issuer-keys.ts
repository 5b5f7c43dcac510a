// SPDX-License-Identifier: Apache-2.0
// The public keys of issuers of tokens: asked for by discovery, kept for a while, never more than a few.
import { type AddressRules, isClosedLine, problemOf, ScanError, toMessage } from '@cinc-scan/core';
import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import * as z from 'zod';
import { type KeySet, keySet } from '../domain/key-set.ts';
import { type ReadToken, tokenAlgorithms } from '../domain/token.ts';
import { guardedCall } from './guarded-call.ts';

const [mostIssuers, mostAnswerBytes, usualAnswerMs] = [200, 262_144, 5000];

/** How long keys are believed without asking again, how long a failure is, and how often an unknown key may make us ask. */
const [freshMs, failedMs, unknownMs] = [600_000, 10_000, 30_000];

/** Young enough; younger, since a key is unknown; or from now. */
type Wanted = 'fresh' | 'newer' | 'now';

export interface IssuerKeysOptions {
  addresses: AddressRules;
  /** Names proxies. */
  environment: Record<string, string | undefined>;
  now?: () => number;
  /** For each answer of an issuer. */
  answerMs?: number;
}

/** Whose keys sign: found at the address of the issuer, or given when it was registered. */
export interface KeySource {
  url: string;
  jwks: KeySet | null;
}

interface Kept {
  askedAt: number;
  loadedAt: number;
  keys: JSONWebKeySet | undefined;
  /** Of the last time that it was asked. */
  error: ScanError | undefined;
  loading: Promise<void>;
}

export class IssuerKeys {
  private readonly options: IssuerKeysOptions;
  private readonly kept = new Map<string, Kept>();

  constructor(options: IssuerKeysOptions) {
    this.options = options;
  }

  private get now(): number {
    return this.options.now?.() ?? Date.now();
  }

  /** Whether a key of the issuer has signed the token. Throws ISSUER_UNUSABLE where nobody can say. */
  async hasSigned({ text }: Pick<ReadToken, 'text'>, { url, jwks }: KeySource): Promise<boolean> {
    if (jwks !== null) return (await verify(text, jwks)) === 'signed';
    const said = await verify(text, await this.keysOf(url, 'fresh'));
    if (said !== 'unknown key') return said === 'signed';
    return (await verify(text, await this.keysOf(url, 'newer'))) === 'signed';
  }

  /** How many keys the issuer has now, asked for and not remembered. Throws ISSUER_UNUSABLE. */
  async count(url: string): Promise<number> {
    const keys = await this.keysOf(url, 'now');
    const { error } = this.entryOf(url);
    if (error !== undefined) throw error;
    return keys.keys.length;
  }

  /** Those who ask at the same time share one question. An issuer that cannot be asked is believed until its keys are old. */
  private async keysOf(url: string, wanted: Wanted): Promise<JSONWebKeySet> {
    const kept = this.entryOf(url);
    if (this.mustAsk(kept, wanted)) {
      kept.askedAt = this.now;
      kept.loading = this.load(url, kept);
    }
    await kept.loading;
    if (kept.keys !== undefined && this.now - kept.loadedAt < freshMs) return kept.keys;
    throw kept.error ?? new ScanError('ISSUER_UNUSABLE', `The issuer ${url} has not answered yet`);
  }

  private mustAsk({ keys, askedAt, loadedAt }: Kept, wanted: Wanted): boolean {
    switch (wanted) {
      case 'now':
        return true;
      case 'newer':
        return this.now - askedAt >= unknownMs;
      case 'fresh':
        return (keys === undefined || this.now - loadedAt >= freshMs) && this.now - askedAt >= failedMs;
    }
  }

  private entryOf(url: string): Kept {
    const kept = this.kept.get(url) ?? {
      askedAt: Number.NEGATIVE_INFINITY,
      loadedAt: Number.NEGATIVE_INFINITY,
      keys: undefined,
      error: undefined,
      loading: Promise.resolve(),
    };
    this.kept.delete(url); // the one used last is the last
    this.kept.set(url, kept);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostIssuers && oldest !== undefined) this.kept.delete(oldest);
    return kept;
  }

  private async load(url: string, kept: Kept): Promise<void> {
    try {
      const discovered = discovery.parse(await this.read(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`));
      if (discovered.issuer !== url) throw new Error('it says that it is another issuer');
      kept.keys = keySet.parse(await this.read(discovered.jwks_uri));
      kept.loadedAt = this.now;
      kept.error = undefined;
    } catch (error) {
      const why = error instanceof z.ZodError ? 'its answer is not what an issuer answers' : toMessage(error);
      kept.error = new ScanError('ISSUER_UNUSABLE', `The issuer ${url} cannot be used: ${why}`, { cause: error });
    }
  }

  private async read(address: string): Promise<unknown> {
    const { addresses, environment, answerMs: timeoutMs = usualAnswerMs } = this.options;
    const url = fetched(address);
    const settings = { timeoutMs, mostBytes: mostAnswerBytes, addresses, environment };
    const answer = await guardedCall({ method: 'GET', url, headers: { accept: 'application/json' } }, settings);
    if (answer.kind === 'failed' || answer.status !== 200) throw new Error(`${url.pathname}: ${problemOf(answer)}`);
    try {
      return JSON.parse(answer.body);
    } catch (error) {
      throw new Error(`${url.pathname}: the answer is not JSON`, { cause: error });
    }
  }
}

/** Keys that came over a line that others can write on would be anybody's. */
function fetched(address: string): URL {
  const url = new URL(address);
  if (isClosedLine(url)) return url;
  throw new Error('the address of its keys is not one of https');
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url().max(2000) });

type Said = 'signed' | 'not signed' | 'unknown key';

async function verify(text: string, keys: JSONWebKeySet): Promise<Said> {
  const verifyWith = (key: CompactVerifyGetKey) => compactVerify(text, key, { algorithms: tokenAlgorithms });
  try {
    await verifyWith(createLocalJWKSet(keys));
    return 'signed';
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'unknown key';
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return 'not signed';
    for await (const key of error) {
      const isSigned = await verifyWith(() => key).then(
        () => true,
        () => false,
      );
      if (isSigned) return 'signed';
    }
    return 'not signed';
  }
}
