// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';
import { readKey } from '../domain/api-key.ts';
import { allows, allowsOnPlatform, type OverseerRole, type TeamRole } from '../domain/roles.ts';
import { findAttemptCaller } from '../queue/tickets.ts';
import { findCaller, invalidKey } from '../store/keys.ts';
import { findSession } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import type { AttemptCaller, Caller, TeamCaller } from '../store/teams.ts';
import { sessionOf } from './cookies.ts';
import { requireSameOrigin } from './same-origin.ts';

/** That a route holds to the scope of a key. One that does not say so serves no key that has one. */
interface Scoped {
  scoped?: true;
}

/** Whom a route serves. Each route says it; one that does not would serve nobody. */
export type Access =
  | { kind: 'anyone' }
  | ({ kind: 'signed-in' } & Scoped)
  | ({ kind: 'team'; role: TeamRole } & Scoped)
  | { kind: 'platform'; role: OverseerRole }
  | { kind: 'runner' /** Also a pod that runs one attempt: the path names it. */; ofAttempt?: true }
  | { kind: 'ticket' };

type Guarded = Exclude<Access, { kind: 'anyone' }>;

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
    /** As whom the request acts; undefined for a person with several roles who has not said which. */
    caller: Caller | undefined;
    /** As whom it could act. */
    callers: Caller[];
    /** A pod that runs one attempt of a scan: it is nobody else. */
    pod: AttemptCaller | undefined;
    /** Asks once more, for an answer that goes on: a key may be revoked meanwhile. Throws as signing in does. */
    signInAgain: () => Promise<void>;
  }
}

export type PlatformCaller = Caller & { kind: 'platform' };
export type RunnerCaller = Caller & { kind: 'runner' };

export interface SignInParts {
  store: Store;
  /** Where browsers see this service: scheme, host and port. */
  origin: () => string;
}

/** Which of their teams people mean; nothing has to say it for those who have one. */
const teamHeader = 'x-cinc-scan-team';

/** Finds out who calls and whether the route is for them. Throws SERVICE_KEY_INVALID, SERVICE_FORBIDDEN, SERVICE_NOT_FOUND. */
export async function signIn(request: FastifyRequest, parts: SignInParts): Promise<void> {
  const { access } = request.routeOptions.config;
  if (access === undefined || access.kind === 'anyone') return;
  request.pod = await findPod(request, parts);
  if (request.pod !== undefined) return requirePod(request.pod, access);
  request.callers = ofTeam(await presented(request, parts), request.headers[teamHeader]);
  request.caller = chooseCaller(request.callers, access);
  if (request.caller !== undefined) requireAccess(request.caller, access);
}

/** Of a pod by its ticket, or by the key that it got for it; undefined for everybody else. */
async function findPod({ headers }: FastifyRequest, { store }: SignInParts): Promise<AttemptCaller | undefined> {
  const text = bearerOf(headers) ?? '';
  const [ticket, key] = [readKey(text, 'ct'), readKey(text, 'ca')];
  if (ticket !== undefined) return findAttemptCaller(store, 'ticket', ticket);
  return key && findAttemptCaller(store, 'attempt', key);
}

function requirePod({ kind }: AttemptCaller, access: Guarded): void {
  if (kind === 'ticket' ? access.kind === 'ticket' : access.kind === 'runner' && access.ofAttempt === true) return;
  throw new ScanError('SERVICE_FORBIDDEN', 'The key is for one attempt of one scan, which this is not');
}

const bearerOf = ({ authorization = '' }: FastifyRequest['headers']): string | undefined =>
  /^Bearer ([\x21-\x7e]{1,200})$/i.exec(authorization)?.[1];

/** Of a program by its key, of a browser by its cookie. */
async function presented(request: FastifyRequest, { store, origin }: SignInParts): Promise<Caller[]> {
  if (request.headers.authorization !== undefined) return [await findCaller(store, presentedKey(request))];
  const session = sessionOf(request, origin());
  const callers = session === undefined ? [] : await findSession(store, session);
  if (callers.length === 0) throw invalidKey();
  requireSameOrigin(request, origin());
  return callers;
}

function presentedKey({ headers }: FastifyRequest) {
  const text = bearerOf(headers);
  const key = text === undefined ? undefined : readKey(text);
  if (key === undefined) throw invalidKey();
  return key;
}

function ofTeam(callers: Caller[], wanted: string | string[] | undefined): Caller[] {
  if (wanted === undefined) return callers;
  const found = callers.filter(caller => caller.kind === 'team' && caller.teamSlug === wanted);
  if (found.length === 0) throw new ScanError('SERVICE_NOT_FOUND', `You have no team ${String(wanted).slice(0, 63)}`);
  return found;
}

function chooseCaller(callers: Caller[], { kind }: Guarded): Caller | undefined {
  const [first, ...others] = kind === 'signed-in' ? callers : callers.filter(each => each.kind === kind);
  if (first === undefined) return callers[0]; // who is refused by name
  return others.length === 0 ? first : requireNothing(kind, callers);
}

/** Some routes serve people whoever they are; the others have to know for which team. */
function requireNothing(kind: Guarded['kind'], callers: Caller[]): undefined {
  if (kind === 'team') throw severalTeams(callers);
}

function severalTeams(callers: Caller[]): ScanError {
  const slugs = callers.flatMap(caller => (caller.kind === 'team' ? [caller.teamSlug] : []));
  return new ScanError('INPUT_INVALID', `${teamHeader}: you have several teams, name one of ${slugs.join(', ')}`);
}

function requireAccess(caller: Caller, access: Guarded): void {
  if (access.kind === 'ticket')
    throw new ScanError('SERVICE_FORBIDDEN', 'This takes the ticket of a pod that runs a scan');
  if (caller.kind === 'runner' || access.kind === 'runner') return requireRunner(caller, access);
  requireScoped(caller, access);
  if (access.kind === 'signed-in') return;
  const holds =
    access.kind === 'team'
      ? caller.kind === 'team' && allows(caller.role, access.role)
      : caller.kind === 'platform' && allowsOnPlatform(caller.role, access.role);
  if (holds) return;
  throw new ScanError(
    'SERVICE_FORBIDDEN',
    `This takes the role ${access.role} of ${access.kind === 'team' ? 'a team' : 'the platform'}; yours is ${caller.role}`,
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

function requireScoped(caller: Exclude<Caller, { kind: 'runner' }>, access: Guarded): void {
  if (caller.kind === 'platform' || caller.scope === null || 'scoped' in access) return;
  throw new ScanError('SERVICE_FORBIDDEN', 'The key is for some of what the team has: this takes one for all of it', {
    remedy: 'Use a key of the team without a scope.',
  });
}

/** Of a route for teams. */
export function teamOf({ caller, callers }: FastifyRequest): TeamCaller {
  if (caller?.kind === 'team') return caller;
  if (caller === undefined) throw severalTeams(callers);
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes a role of a team');
}

/** Of a route for the platform. */
export function platformOf({ caller }: FastifyRequest): PlatformCaller {
  if (caller?.kind === 'platform') return caller;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes a role of the platform');
}

/** Of a route for tickets. */
export function podOf({ pod }: FastifyRequest): AttemptCaller {
  if (pod !== undefined) return pod;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes the ticket of a pod that runs a scan');
}

/** Of a route for runners. */
export function runnerOf({ caller }: FastifyRequest): RunnerCaller {
  if (caller?.kind === 'runner') return caller;
  throw new ScanError('SERVICE_FORBIDDEN', 'This takes the key of a runner');
}
