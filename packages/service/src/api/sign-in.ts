// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';
import { readKey } from '../domain/api-key.ts';
import { allows, type PlatformRole, type TeamRole } from '../domain/roles.ts';
import { findCaller, invalidKey } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import type { Caller } from '../store/teams.ts';

/** That a route holds to the scope of a key. One that does not say so serves no key that has one. */
interface Scoped {
  scoped?: true;
}

/** Whom a route serves. Each route says it; one that does not would serve nobody. */
export type Access =
  | { kind: 'anyone' }
  | ({ kind: 'signed-in' } & Scoped)
  | ({ kind: 'team'; role: TeamRole } & Scoped)
  | { kind: 'platform'; role: Exclude<PlatformRole, 'runner'> }
  | { kind: 'runner' };

/** Every route there is, and whom it serves. */
export interface RouteAccess {
  method: string;
  url: string;
  access: Access;
}

declare module 'fastify' {
  interface FastifyInstance {
    accesses: RouteAccess[];
  }
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

export type TeamCaller = Caller & { kind: 'team' };
export type PlatformCaller = Caller & { kind: 'platform' };
export type RunnerCaller = Caller & { kind: 'runner' };

/** Finds out who calls and whether the route is for them. Throws SERVICE_KEY_INVALID, SERVICE_FORBIDDEN. */
export async function signIn(request: FastifyRequest, store: Store): Promise<Caller | undefined> {
  const { access } = request.routeOptions.config;
  if (access === undefined || access.kind === 'anyone') return undefined;
  const caller = await findCaller(store, presentedKey(request));
  requireAccess(caller, access);
  return caller;
}

function presentedKey({ headers: { authorization = '' } }: FastifyRequest) {
  const [, text] = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization) ?? [];
  const key = text === undefined ? undefined : readKey(text);
  if (key === undefined) throw invalidKey();
  return key;
}

function requireAccess(caller: Caller, access: Exclude<Access, { kind: 'anyone' }>): void {
  if (caller.kind === 'runner' || access.kind === 'runner') return requireRunner(caller, access);
  requireScoped(caller, access);
  if (access.kind === 'signed-in') return;
  const holds =
    access.kind === 'team'
      ? caller.kind === 'team' && allows(caller.role, access.role)
      : caller.kind === 'platform' && (caller.role === access.role || caller.role === 'operator');
  if (holds) return;
  throw new ScanError(
    'SERVICE_FORBIDDEN',
    `This takes the role ${access.role} of ${access.kind === 'team' ? 'a team' : 'the platform'}; the key has ${caller.role}`,
  );
}

/** Neither does a runner anything else, nor anybody else what runners do. */
function requireRunner(caller: Caller, access: Access): void {
  if (caller.kind === 'runner' && access.kind === 'runner') return;
  throw new ScanError(
    'SERVICE_FORBIDDEN',
    caller.kind === 'runner' ? 'The key is of a runner, which this is not for' : 'This takes the key of a runner',
  );
}

function requireScoped(caller: Exclude<Caller, { kind: 'runner' }>, access: Exclude<Access, { kind: 'anyone' }>): void {
  if (caller.kind === 'platform' || caller.scope === null || 'scoped' in access) return;
  throw new ScanError('SERVICE_FORBIDDEN', 'The key is for some of what the team has: this takes one for all of it', {
    remedy: 'Use a key of the team without a scope.',
  });
}

/** Of a route for teams. */
export function teamOf({ caller }: FastifyRequest): TeamCaller {
  if (caller?.kind === 'team') return caller;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes a key of a team');
}

/** Of a route for the platform. */
export function platformOf({ caller }: FastifyRequest): PlatformCaller {
  if (caller?.kind === 'platform') return caller;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes a key of the platform');
}

/** Of a route for runners. */
export function runnerOf({ caller }: FastifyRequest): RunnerCaller {
  if (caller?.kind === 'runner') return caller;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes the key of a runner');
}
