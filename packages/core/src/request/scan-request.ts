// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import type { Values } from './interface.ts';
import { Secret } from './secret.ts';

/** Where the operator's identity comes from. */
export type Access =
  /** One path, or several joined as in KUBECONFIG. */
  { kind: 'file'; path: string } | { kind: 'content'; content: Secret } | { kind: 'in-cluster' };

/** The kubeconfig as given, else KUBECONFIG, ~/.kube/config, or the account of the pod this runs in. */
export function resolveAccess(given: Secret | undefined, environment: Record<string, string | undefined>): Access {
  if (given !== undefined) {
    const content = contentOf(given.reveal());
    return content === undefined ? { kind: 'file', path: existing(given.reveal()) } : { kind: 'content', content };
  }
  const variable = environment['KUBECONFIG'];
  if (variable !== undefined && variable !== '') return { kind: 'file', path: variable };
  const standard = join(environment['HOME'] ?? homedir(), '.kube', 'config');
  if (existsSync(standard)) return { kind: 'file', path: standard };
  if (environment['KUBERNETES_SERVICE_HOST'] !== undefined) return { kind: 'in-cluster' };
  throw new ScanError(
    'KUBECONFIG_INVALID',
    `There is no kubeconfig: KUBECONFIG is not set and ${standard} does not exist`,
  );
}

/** What is no path: the text itself, or its base64, as CI systems are often given it. */
function contentOf(text: string): Secret | undefined {
  if (/\n.|apiVersion/.test(text.trim())) return new Secret(text);
  if (!/^[A-Za-z0-9+/=\s]{100,}$/.test(text) || existsSync(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString();
  return decoded.includes('apiVersion') ? new Secret(decoded) : undefined;
}

const longestPath = 300;

function existing(path: string): string {
  if (existsSync(path)) return path;
  // Something else than a path may be a secret that was meant otherwise.
  const shown = path.length > longestPath ? `a text of ${path.length} characters` : JSON.stringify(path);
  throw new ScanError('KUBECONFIG_INVALID', `kubeconfig: ${shown} does not exist`);
}

/** The token itself, or what the file of that name holds. */
export function resolveToken(given: Secret | undefined): Secret | undefined {
  if (given === undefined) return undefined;
  const text = given.reveal().trim();
  if (!/^[/.]/.test(text)) return new Secret(text);
  try {
    return new Secret(readFileSync(text, 'utf8').trim());
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `token: ${text} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

/** A threshold is a file if there is one of that name, or if it looks like the name of one; else it is inline. */
export function readThresholdInput(value: string): { text: string; source: string; inline: boolean } {
  const isFile = existsSync(value) && statSync(value).isFile();
  if (!isFile && !/\.(ya?ml|json)$|^\.{0,2}\//.test(value))
    return { text: value, source: 'threshold (inline)', inline: true };
  try {
    return { text: readFileSync(value, 'utf8'), source: value, inline: false };
  } catch (error) {
    throw new ScanError('THRESHOLD_INVALID', `threshold ${value} cannot be read: ${toMessage(error)}`, {
      cause: error,
    });
  }
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function makeRunId(): string {
  return Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** The request as it may be shown: without secrets, without what was left at nothing. */
export function toShownRequest(values: Values): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) =>
        value !== undefined &&
        value !== false &&
        !(value instanceof Secret) &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
}
