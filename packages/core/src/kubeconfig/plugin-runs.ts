// SPDX-License-Identifier: Apache-2.0
import { type ScanError, toScanError } from '../errors/index.ts';
import { type PluginCredential, type PluginSettings, runPlugin } from './plugin.ts';
import type { SignInParts } from './shown.ts';

interface Running {
  credential: Promise<PluginCredential>;
  signal: AbortSignal | undefined;
}

/** What a credential plugin gave, for as long as it is good; requests side by side wait for one run of it. */
export class PluginRuns {
  private readonly settings: PluginSettings;
  private last: PluginCredential | undefined;
  private running: Running | undefined;
  private hasSignedIn = false;
  /** The run was cancelled before anybody had signed in: nothing was made, and nothing has to be asked any more. */
  private gaveUp: ScanError | undefined;

  constructor(settings: PluginSettings) {
    this.settings = settings;
  }

  async show(signal: AbortSignal | undefined): Promise<SignInParts> {
    const { last } = this;
    const isGood = last !== undefined && (last.expires === undefined || Date.now() < last.expires);
    return this.toShown(isGood ? last : await this.runAfter(last, signal));
  }

  private toShown(credential: PluginCredential): SignInParts {
    const { token, certificate } = credential;
    return {
      headers: token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` },
      ...(certificate && { cert: certificate.pem, key: certificate.key.reveal() }),
      renew: async signal => {
        await this.runAfter(credential, signal);
        return true;
      },
    };
  }

  /** Unless another request has had it renewed meanwhile. */
  private runAfter(old: PluginCredential | undefined, signal: AbortSignal | undefined): Promise<PluginCredential> {
    if (this.last === old) this.last = undefined;
    return this.last === undefined ? this.run(signal) : Promise.resolve(this.last);
  }

  private async run(signal: AbortSignal | undefined): Promise<PluginCredential> {
    if (this.gaveUp !== undefined) throw this.gaveUp;
    const running = (this.running ??= { credential: this.start(signal), signal });
    try {
      return await running.credential;
    } catch (error) {
      // It was ended for somebody who gave up; taking back a grant does not give up.
      if (this.hasSignedIn && running.signal?.aborted === true && signal !== running.signal && signal?.aborted !== true)
        return await this.run(signal);
      throw error;
    }
  }

  private async start(signal: AbortSignal | undefined): Promise<PluginCredential> {
    try {
      this.last = await runPlugin(this.settings, signal);
      this.hasSignedIn = true;
      return this.last;
    } catch (error) {
      if (signal?.aborted === true && !this.hasSignedIn) this.gaveUp = toScanError(error, 'CANCELLED', 'The sign-in');
      throw error;
    } finally {
      this.running = undefined;
    }
  }
}
