// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { type Environment, readVariable } from './environment.ts';
import type { InputName } from './interface.ts';
import { perTargetKey, type Values } from './per-target.ts';
import { Secret } from './secret.ts';

/** Where the operator's identity comes from. */
export type Access =
  /** One that was named, and has to be there. */
  | { kind: 'file'; path: string }
  /** Those of KUBECONFIG, of which some may be missing. */
  | { kind: 'list'; paths: string[] }
  | { kind: 'content'; content: Secret }
  | { kind: 'in-cluster' };

/** The kubeconfig as given, else KUBECONFIG, ~/.kube/config, or the account of the pod this runs in. */
export function resolveAccess(given: Secret | undefined, environment: Environment): Access {
  if (given !== undefined) {
    const content = kubeconfigContent(given.reveal());
    return content === undefined ? { kind: 'file', path: existing(given.reveal()) } : { kind: 'content', content };
  }
  const listed = (readVariable(environment, 'KUBECONFIG') ?? '').split(delimiter).filter(path => path.trim() !== '');
  if (listed.length > 0) return { kind: 'list', paths: listed };
  const standard = join(readVariable(environment, 'HOME') ?? homedir(), '.kube', 'config');
  if (existsSync(standard)) return { kind: 'file', path: standard };
  if (readVariable(environment, 'KUBERNETES_SERVICE_HOST') !== undefined) return { kind: 'in-cluster' };
  throw new ScanError(
    'KUBECONFIG_INVALID',
    `There is no kubeconfig: KUBECONFIG is not set and ${standard} does not exist`,
  );
}

/** What is no path: the text itself, or its base64, as CI systems are often given it. */
export function kubeconfigContent(text: string): Secret | undefined {
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
export const resolveToken = (given: Secret | undefined): Secret | undefined =>
  given === undefined ? undefined : secretOrFile('token', given);

/** The secret itself, or what the file of that name holds. */
export function secretOrFile(input: InputName, given: Secret): Secret {
  const text = given.reveal().trim();
  if (!/^[/.]/.test(text)) return new Secret(text);
  try {
    return new Secret(readFileSync(text, 'utf8').trim());
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `${input}: ${text} cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

/** The same of what goes into the header of a request. */
export function headerSecret(input: InputName, given: Secret): Secret {
  const secret = secretOrFile(input, given);
  if (/^[\u0021-\u007e]+$/.test(secret.reveal())) return secret;
  throw new ScanError('INPUT_INVALID', `${input}: expected printable ASCII characters without blanks, on one line`);
}

/** The text of a threshold, and what it is called. */
export interface ThresholdText {
  text: string;
  source: string;
  /** Bounds that were given as they are, not a file of them. */
  inline: boolean;
}

export const inlineThreshold = (text: string): ThresholdText => ({ text, source: 'threshold (inline)', inline: true });

export const looksLikePath = (text: string): boolean => /\.(ya?ml|json)$|^\.{0,2}\//.test(text);

/** A threshold is a file if there is one of that name, or if it looks like the name of one; else it is inline. */
export function readThresholdInput(value: string): ThresholdText {
  const isFile = existsSync(value) && statSync(value).isFile();
  if (!isFile && !looksLikePath(value)) return inlineThreshold(value);
  try {
    return { text: readFileSync(value, 'utf8'), source: value, inline: false };
  } catch (error) {
    throw new ScanError('THRESHOLD_INVALID', `threshold ${value} cannot be read: ${toMessage(error)}`, {
      cause: error,
      remedy: 'Check the path. A bound needs no file: 90, or {failed.total.max: 0}.',
    });
  }
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function makeRunId(): string {
  return Array.from({ length: 10 }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** The request as it may be shown: without secrets, without what was left at nothing. */
export function toShownRequest({ [perTargetKey]: perTarget, ...values }: Values): Record<string, unknown> {
  const options = perTarget.entries.map(({ name: _, ...entry }) => given(entry));
  return given({ ...values, [perTargetKey]: options });
}

const given = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) =>
        value !== undefined &&
        value !== false &&
        !(value instanceof Secret) &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
