// SPDX-License-Identifier: Apache-2.0
import { hint, ScanError } from '../../errors/index.ts';
import { isLoopback } from '../../http/index.ts';
import { headerSecret, type Secret, type Values } from '../../request/index.ts';

/** A place that results are sent to once they are there. */
export type Push =
  | { kind: 'heimdall'; name: string; url: URL; key: Secret }
  | { kind: 'webhook'; name: string; url: URL; secret: Secret };

const kinds = ['heimdall', 'webhook'] as const;

/** What pushes are signed with, to be registered before anything is written. */
export const pushSecrets = (pushes: Push[]): Secret[] =>
  pushes.map(push => (push.kind === 'heimdall' ? push.key : push.secret));

/** Checks everything about pushes that can be checked before there is anything to push. */
export function toPushes(values: Values): Push[] {
  const pushes = values.push.map(text => toPush(text, values));
  const twice = pushes.find(({ kind, url }, index) =>
    pushes.slice(0, index).some(other => other.kind === kind && other.url.href === url.href),
  );
  if (twice !== undefined) throw new ScanError('INPUT_INVALID', `push: ${twice.name} is named twice`);
  return pushes;
}

function toPush(text: string, values: Values): Push {
  const at = text.indexOf('=');
  const asked = text.slice(0, Math.max(0, at)).trim();
  const kind = kinds.find(known => known === asked);
  if (kind === undefined) {
    const expected = kinds.map(each => `${each}=URL`).join(' or ');
    throw new ScanError('INPUT_INVALID', `push: expected ${expected}${hint(asked, kinds)}`);
  }
  const url = parseUrl(kind, text.slice(at + 1).trim());
  const name = `${kind} ${url.origin}`;
  if (url.protocol !== 'https:' && !values['push-insecure'] && !isLoopback(url))
    throw new ScanError('INPUT_INVALID', `push: ${name} is not https, and so is read by everyone on the way`, {
      remedy: 'Use an https address, or pass --push-insecure.',
    });
  return kind === 'heimdall'
    ? { kind, name, url, key: neededSecret('heimdall-api-key', values, `push: ${name}`) }
    : { kind, name, url, secret: neededSecret('webhook-secret', values, `push: ${name}`) };
}

// The address itself may be a secret: it is not repeated.
function parseUrl(kind: string, text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new ScanError('INPUT_INVALID', `push: ${kind}= is not followed by an http(s) address`);
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new ScanError('INPUT_INVALID', `push: the address of ${kind} holds credentials or a fragment`, {
      remedy: 'Keys have inputs of their own: heimdall-api-key and webhook-secret.',
    });
  return url;
}

export function neededSecret(input: 'heimdall-api-key' | 'webhook-secret', values: Values, name: string): Secret {
  const given = values[input];
  if (given === undefined) throw new ScanError('INPUT_INVALID', `${name} needs ${input}, which is not given`);
  return headerSecret(input, given);
}
