// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toMessage } from '../errors/index.ts';
import { Secret } from '../request/index.ts';
import { invalid } from './server.ts';
import { bearer, type SignInParts } from './shown.ts';

// As kubectl: whoever renews it has a minute, and a refusal asks at once.
const goodForMs = 60_000;

export interface TokenFileSettings {
  path: string;
  folder: string;
  /** For as long as the file cannot be read. */
  fallback?: string | undefined;
  onSecret: (secret: Secret) => void;
}

/** A token that somebody else renews in its file. */
export class TokenFile {
  private readonly settings: TokenFileSettings;
  private token: Secret;
  private readAt = 0;

  constructor(settings: TokenFileSettings) {
    this.settings = settings;
    this.token = new Secret(settings.fallback?.trim() ?? '');
    this.read();
    if (this.token.reveal() === '') throw invalid(`tokenFile: ${settings.path} is empty`);
  }

  show(): SignInParts {
    if (Date.now() - this.readAt > goodForMs) this.read();
    const { token } = this;
    return { ...bearer(token), renew: () => Promise.resolve(this.isOther(token)) };
  }

  private isOther(refused: Secret): boolean {
    if (this.token === refused) this.read();
    return this.token.reveal() !== refused.reveal();
  }

  /** What was read before stays good while the file is being written. */
  private read(): void {
    this.readAt = Date.now();
    const text = this.readFile();
    if (text === '' || text === this.token.reveal()) return;
    this.token = new Secret(text);
    this.settings.onSecret(this.token);
  }

  private readFile(): string {
    const { path, folder } = this.settings;
    try {
      return readFileSync(resolve(folder, path), 'utf8').trim();
    } catch (error) {
      if (this.token.reveal() !== '') return '';
      throw invalid(`tokenFile: ${toMessage(error)}`);
    }
  }
}
