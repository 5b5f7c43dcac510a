// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { isObject, type JsonObject, listAt, numberAt, objectAt, parseJson, textAt } from '../objects/json.ts';

/** The audience and issuer that a cluster has when nobody configures another. */
export const ownAudience = 'https://kubernetes.default.svc';

export interface Bound {
  kind: 'Pod' | 'Secret';
  name: string;
  uid: string;
}

export interface Claims {
  id: string;
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  expires: number;
  notBefore: number;
  bound: Bound | undefined;
}

export interface TokenWish {
  namespace: string;
  name: string;
  uid: string;
  audiences: string[];
  seconds: number;
  issued: number;
  bound: Bound | undefined;
}

/** Signs and reads ServiceAccount tokens: JSON Web Tokens, ES256. */
export class TokenSigner {
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  constructor() {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#private = pair.privateKey;
    this.#public = pair.publicKey;
  }

  issue(wish: TokenWish): string {
    const payload = {
      aud: wish.audiences,
      exp: wish.issued + wish.seconds,
      iat: wish.issued,
      iss: ownAudience,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace: wish.namespace,
        ...(wish.bound === undefined
          ? {}
          : { [wish.bound.kind.toLowerCase()]: { name: wish.bound.name, uid: wish.bound.uid } }),
        serviceaccount: { name: wish.name, uid: wish.uid },
      },
      nbf: wish.issued,
      sub: `system:serviceaccount:${wish.namespace}:${wish.name}`,
    };
    const head = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(head), { key: this.#private, dsaEncoding: 'ieee-p1363' });
    return `${head}.${signature.toString('base64url')}`;
  }

  /** The claims of a token that this signer issued; whether they still hold is for the caller to decide. */
  read(token: string): Claims | undefined {
    const [head, body, signature, ...more] = token.split('.');
    if (head === undefined || body === undefined || signature === undefined || more.length > 0) return undefined;
    const key = { key: this.#public, dsaEncoding: 'ieee-p1363' as const };
    const genuine = verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
    return genuine ? toClaims(Buffer.from(body, 'base64url').toString()) : undefined;
  }
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function toClaims(text: string): Claims | undefined {
  const payload = parseJson(text);
  if (!isObject(payload)) return undefined;
  const own = objectAt(payload, 'kubernetes.io');
  return {
    id: textAt(payload, 'jti'),
    namespace: textAt(own, 'namespace'),
    name: textAt(own, 'serviceaccount', 'name'),
    uid: textAt(own, 'serviceaccount', 'uid'),
    audiences: listAt(payload, 'aud').filter(one => typeof one === 'string'),
    expires: numberAt(payload, 'exp') ?? 0,
    notBefore: numberAt(payload, 'nbf') ?? 0,
    bound: toBound(own, 'Pod') ?? toBound(own, 'Secret'),
  };
}

function toBound(own: JsonObject, kind: Bound['kind']): Bound | undefined {
  const found = objectAt(own, kind.toLowerCase());
  const uid = textAt(found, 'uid');
  return uid === '' ? undefined : { kind, name: textAt(found, 'name'), uid };
}
