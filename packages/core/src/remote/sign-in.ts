// SPDX-License-Identifier: Apache-2.0
// The key with which a run asks the scan service: one that was given, or one that it gets for the ID token of its job, and
// gets anew before it ends, since a scan may last longer.
import { ScanError } from '../errors/index.ts';
import { shortLine } from '../report/index.ts';
import type { Environment, Secret, Secrets } from '../request/index.ts';
import type { ExchangedKey } from './answers.ts';
import { type IdToken, parseIdToken } from './id-token.ts';
import type { SignIn } from './who-asks.ts';

/** The calls of the run: within its time, told by its notices. */
export interface ExchangeCalls {
  readonly name: string;
  readonly signal: AbortSignal;
  pause: (ms: number) => Promise<void>;
  /** What is sent is made for each try. */
  exchange: (makeBody: () => Promise<object>) => Promise<ExchangedKey>;
}

/** What a run asks with, for as long as it lasts. */
export interface ServiceKeys {
  current: (calls: ExchangeCalls) => Promise<Secret>;
  /** The service takes this one no more: whether there may be another. */
  isReplaced: (refused: Secret) => boolean;
}

export interface KeySurroundings {
  environment: Environment;
  /** Each is registered before it is used. */
  secrets: Secrets;
  notice: (text: string) => void;
}

export function openKeys(signIn: SignIn, around: KeySurroundings): ServiceKeys {
  if (signIn.kind === 'id-token') return new ExchangedKeys(signIn, around);
  around.secrets.register(signIn.key);
  return { current: () => Promise.resolve(signIn.key), isReplaced: () => false };
}

/** Before its end a key is replaced, and a token is asked for anew. */
const renewMs = 60_000;

interface Made {
  key: Secret;
  expiresAt: number;
}

class ExchangedKeys implements ServiceKeys {
  private readonly signIn: Extract<SignIn, { kind: 'id-token' }>;
  private readonly around: KeySurroundings;
  private made: Made | undefined;
  private token: IdToken | undefined;
  private isKnown = false;

  constructor(signIn: Extract<SignIn, { kind: 'id-token' }>, around: KeySurroundings) {
    [this.signIn, this.around] = [signIn, around];
  }

  async current(calls: ExchangeCalls): Promise<Secret> {
    const { made } = this;
    if (made !== undefined && this.isOfUse(made)) return made.key;
    this.made = await this.exchange(calls);
    return this.made.key;
  }

  isReplaced(refused: Secret): boolean {
    if (this.made?.key !== refused) return this.made !== undefined;
    this.made = undefined;
    return true;
  }

  /** One that is about to end is of use where there is no other to be had. */
  private isOfUse({ expiresAt }: Made): boolean {
    return expiresAt - Date.now() > (this.isTokenOver ? 0 : renewMs);
  }

  private get isTokenOver(): boolean {
    return this.signIn.source.isFixed && this.token !== undefined && this.token.expiresAt <= Date.now();
  }

  private async exchange(calls: ExchangeCalls): Promise<Made> {
    const { source, team } = this.signIn;
    if (this.isKnown && this.isTokenOver) throw this.tooLate();
    const makeBody = async () => ({
      token: (await this.idToken(calls)).reveal(),
      ...(team !== undefined && { team }),
    });
    const answer = await calls.exchange(makeBody);
    this.around.secrets.register(answer.key);
    if (!this.isKnown)
      this.around.notice(
        `Signed in at ${calls.name} with the ID token of ${source.name}: team ${answer.team}, ${answer.role}, by rule ${answer.issuer}/${answer.rule}`,
      );
    this.isKnown = true;
    return { key: answer.key, expiresAt: Date.parse(answer.expiresAt) };
  }

  private async idToken(calls: ExchangeCalls): Promise<Secret> {
    const { source, audience, isNamed } = this.signIn;
    const { environment, secrets } = this.around;
    if (this.token === undefined || this.token.expiresAt - Date.now() < renewMs) {
      const { signal } = calls;
      const text = await source.get(audience, { environment, signal, pause: ms => calls.pause(ms) });
      const wanted = source.takesAudience || isNamed ? audience : undefined;
      this.token = parseIdToken(text, { from: source.name, audience: wanted });
      secrets.register(this.token.text);
    }
    return this.token.text;
  }

  private tooLate(): ScanError {
    const when = new Date(this.token?.expiresAt ?? 0).toISOString();
    return new ScanError(
      'ID_TOKEN_UNAVAILABLE',
      `The key of the scan service has ended, and so has the ID token of ${shortLine(this.signIn.source.name, 100)}, at ${when}`,
      {
        remedy:
          'Let the rule at the service give keys that last longer (minutes), or the job have a token that does; a mounted file is read again.',
      },
    );
  }
}
