// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { notImplemented, unauthorized } from '../objects/status.ts';
import type { Store } from '../objects/store.ts';
import type { User } from './rbac.ts';
import { type Claims, ownAudience, type TokenSigner } from './tokens.ts';

export interface StaticUser {
  token: string;
  name: string;
  groups?: string[];
}

export interface AuthenticationOptions {
  users: StaticUser[];
  /** How long an accepted token stays accepted without being looked at again. */
  cacheSeconds: number;
  /** How long after its expiry a token is still accepted, for clocks that differ. */
  leewaySeconds: number;
}

const authenticated = 'system:authenticated';

export class Authentication {
  readonly #store: Store;
  readonly #signer: TokenSigner;
  readonly #options: AuthenticationOptions;
  readonly #accepted = new Map<string, { user: User; until: number }>();

  constructor(store: Store, signer: TokenSigner, options: AuthenticationOptions) {
    this.#store = store;
    this.#signer = signer;
    this.#options = options;
  }

  userOf(request: IncomingMessage): User {
    const impersonation = Object.keys(request.headers).some(name => name.startsWith('impersonate-'));
    if (impersonation) throw notImplemented('impersonation');
    const header = request.headers.authorization;
    const token = header === undefined ? undefined : /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : this.#userOfToken(token);
    if (user !== undefined) return user;
    const certified = userOfCertificate(request);
    if (certified !== undefined) return certified;
    if (header !== undefined) throw unauthorized();
    return { name: 'system:anonymous', groups: ['system:unauthenticated'] };
  }

  #userOfToken(token: string): User | undefined {
    const fixed = this.#options.users.find(user => user.token === token);
    if (fixed !== undefined) return { name: fixed.name, groups: [...(fixed.groups ?? []), authenticated] };
    const now = this.#store.now().getTime();
    const cached = this.#accepted.get(token);
    if (cached !== undefined && now < cached.until) return cached.user;
    this.#accepted.delete(token);
    const claims = this.#signer.read(token);
    if (claims === undefined || !this.#holds(claims, now / 1000)) return undefined;
    const user = toUser(claims);
    this.#accepted.set(token, { user, until: now + this.#options.cacheSeconds * 1000 });
    return user;
  }

  #holds(claims: Claims, now: number): boolean {
    if (!claims.audiences.includes(ownAudience)) return false;
    if (now > claims.expires + this.#options.leewaySeconds || now < claims.notBefore - this.#options.leewaySeconds)
      return false;
    const account = this.#store.find('ServiceAccount', claims.namespace, claims.name);
    return account?.metadata.uid === claims.uid && this.#boundObjectLives(claims);
  }

  #boundObjectLives({ bound, namespace }: Claims): boolean {
    return bound === undefined || this.#store.find(bound.kind, namespace, bound.name)?.metadata.uid === bound.uid;
  }
}

function toUser(claims: Claims): User {
  return {
    name: `system:serviceaccount:${claims.namespace}:${claims.name}`,
    uid: claims.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${claims.namespace}`, authenticated],
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.id}`] },
  };
}

function userOfCertificate(request: IncomingMessage): User | undefined {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
  const { subject } = certificate;
  if (subject === undefined) return undefined;
  if (!socket.authorized) throw unauthorized();
  const groups = [subject.O ?? []].flat();
  return { name: [subject.CN ?? ''].flat().join(','), groups: [...groups, authenticated] };
}
