// SPDX-License-Identifier: Apache-2.0
// What a CI system or a cluster calls the identity of a job: a JSON Web Token. Only its issuer's keys could tell whether it
// is one, and they are for the service to ask; what is sent there has the form of one, and is meant for that service.
import { ScanError } from '../errors/index.ts';
import { shortLine } from '../report/index.ts';
import { parseJsonText, Secret } from '../request/index.ts';

/** As much as the service takes. */
const mostCharacters = 16_384;

export interface IdToken {
  text: Secret;
  /** Milliseconds. */
  expiresAt: number;
}

export interface Expected {
  /** Who gave it, as the user knows it. */
  from: string;
  /** The only one that it may be for; undefined where the system that gives it has no other. */
  audience: string | undefined;
}

/** Throws ID_TOKEN_UNAVAILABLE, and shows nothing of what it was given but the audience. */
export function parseIdToken(given: string, { from, audience }: Expected): IdToken {
  const text = given.trim();
  const not = (why: string) => new ScanError('ID_TOKEN_UNAVAILABLE', `What ${from} gives is not an ID token: ${why}`);
  if (text.length > mostCharacters) throw not(`it is longer than ${mostCharacters} characters`);
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(text) ?? [];
  if (payload === undefined) throw not('it has not the three parts of a JSON Web Token');
  const claims = claimsIn(payload);
  if (claims === undefined) throw not('its claims are not a JSON object');
  const { exp, aud } = claims;
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw not('it does not say when it ends');
  if (audience !== undefined) requireAudience(aud, { from, audience });
  return { text: new Secret(text), expiresAt: exp * 1000 };
}

function claimsIn(payload: string): Record<string, unknown> | undefined {
  try {
    const claims = parseJsonText(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined;
    return Object.fromEntries(Object.entries(claims));
  } catch {
    return undefined;
  }
}

/** A token for somebody else would open their door to whoever reads it here. */
function requireAudience(aud: unknown, { from, audience }: Expected): void {
  const audiences: unknown[] = [aud].flat();
  if (audiences.length === 1 && audiences[0] === audience) return;
  const found = audiences.map(each => (typeof each === 'string' ? each : 'something else')).join(', ');
  throw new ScanError(
    'ID_TOKEN_UNAVAILABLE',
    `The ID token of ${from} is for ${shortLine(found, 300)}, and not for ${audience} alone: it is not sent`,
    {
      remedy:
        'Let the job have a token for the audience that is registered with the service, and name that with --server-audience where it is not the address of the service.',
    },
  );
}
