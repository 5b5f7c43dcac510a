// SPDX-License-Identifier: Apache-2.0
import { parseYaml } from './parse-yaml.ts';
import { Secret } from './secret.ts';

// Shorter ones are words: to blank them would say more about them than to leave them.
const shortest = 6;

/** The secrets of one run. Whatever it writes is searched for them, so each is registered before it is first used. */
export class Secrets {
  readonly #texts = new Set<string>();

  /** A token, a key, a password. Of several lines each counts by itself too. */
  register(...secrets: (Secret | undefined)[]): void {
    for (const secret of secrets) if (secret !== undefined) this.#add(secret.reveal());
  }

  /** What a kubeconfig holds that is secret; the rest of it is none. */
  registerKubeconfig(text: Secret): void {
    let document: unknown;
    try {
      document = parseYaml(text.reveal(), { duplicates: 'last' });
    } catch {
      return; // whoever connects with it says what is wrong
    }
    for (const [key, value] of textsIn(document)) {
      if (!secretKeys.has(key)) continue;
      this.#add(value);
      if (key.endsWith('-data')) this.#add(Buffer.from(value, 'base64').toString());
    }
  }

  get size(): number {
    return this.#texts.size;
  }

  /** Longest first, so that a secret within another leaves no rest of it. */
  all(): Secret[] {
    return [...this.#texts].toSorted((a, b) => b.length - a.length).map(text => new Secret(text));
  }

  #add(text: string): void {
    const whole = text.trim();
    const lines = whole.includes('\n') ? whole.split('\n').map(line => line.trim()) : [];
    for (const each of [whole, ...lines]) if (each.length >= shortest && !isBoundary(each)) this.#texts.add(each);
  }
}

/** `-----BEGIN CERTIFICATE-----` is in every such file. */
const isBoundary = (line: string) => /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line);

const secretKeys = new Set([
  'token',
  'password',
  'client-key-data',
  'id-token',
  'refresh-token',
  'access-token',
  'client-secret',
]);

const mostDepth = 12;

function textsIn(value: unknown, depth = 0): [key: string, text: string][] {
  if (typeof value !== 'object' || value === null || depth > mostDepth) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]): [string, string][] =>
    typeof item === 'string' ? [[key, item]] : textsIn(item, depth + 1),
  );
}
