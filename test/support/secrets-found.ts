// SPDX-License-Identifier: Apache-2.0
import { load } from 'js-yaml';

/** The part of a secret without which the rest is worth nothing, and which stands nowhere else. */
function coreOf(secret: string): string {
  const lines = secret.trim().split('\n');
  if (lines.length > 2) return lines[2] ?? ''; // of a PEM key: the line in its middle
  return secret.split('.').at(-1) ?? ''; // of a signed token: the signature
}

/** A text and what base64 makes of it wherever it stands in a longer one. */
function formsOf(core: string): string[] {
  const encoded = [0, 1, 2].map(before => {
    const text = Buffer.from('x'.repeat(before) + core).toString('base64');
    return text.slice(before === 0 ? 0 : before + 1, text.length - 4);
  });
  const urlSafe = encoded.map(text => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([core, ...encoded, ...urlSafe])];
}

const needles = new Map<string, string[]>();

function needlesOf(secret: string): string[] {
  const known = needles.get(secret);
  if (known !== undefined) return known;
  const core = coreOf(secret);
  const made = core.length < 16 ? [] : formsOf(core);
  needles.set(secret, made);
  return made;
}

/** Which of the secrets a text holds, plainly or in base64; signed tokens of our accounts also where nobody knows them. */
export function secretsIn(text: string | Buffer, secrets: string[]): string[] {
  const found = secrets.filter(secret => needlesOf(secret).some(needle => text.includes(needle)));
  const tokens = text.toString().match(/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{40,}/g) ?? [];
  return [...found, ...tokens.filter(token => !found.includes(token) && isOurs(token))];
}

function isOurs(token: string): boolean {
  const [, payload = ''] = token.split('.');
  return Buffer.from(payload, 'base64url').toString().includes(':cinc-scan-');
}

/** The secrets in a kubeconfig. */
export function secretsOf(kubeconfig: string): string[] {
  const { users } = load(kubeconfig) as { users: { user: { token?: string; 'client-key-data'?: string } }[] };
  return users.flatMap(({ user }) => [
    ...(user.token === undefined ? [] : [user.token]),
    ...(user['client-key-data'] === undefined ? [] : [Buffer.from(user['client-key-data'], 'base64').toString()]),
  ]);
}
