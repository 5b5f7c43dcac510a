// SPDX-License-Identifier: Apache-2.0
// For runners elsewhere, which hold no credential of the database: they take scans, say that they live, and how it ended.
import { Readable } from 'node:stream';
import { ScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { uuid } from '../../domain/ids.ts';
import type { Ending, Held, Lease, Leases } from '../../queue/leases.ts';
import type { Questions } from '../../queue/questions.ts';
import type { Tickets } from '../../queue/tickets.ts';
import {
  answerBody,
  attemptPath,
  counted,
  type EndBody,
  endBody,
  eventsBody,
  type Offer,
  takeAnswer,
  takeBody,
  takeQuestionAnswer,
  tradeAnswer,
  uploaded,
  word,
} from '../../runner/wire.ts';
import { podOf, type RunnerCaller, runnerOf } from '../sign-in.ts';
import type { Server } from './routes.ts';

const config = { access: { kind: 'runner' } } as const;
/** Of a lease that is held. */
const ofLease = { access: { kind: 'runner', ofAttempt: true } } as const;
const mostReportBytes = 128 * 1_048_576;

interface Work {
  leases: Leases;
  questions: Questions;
  tickets: Tickets;
}

export function addLeaseRoutes(server: Server, work: Work): void {
  const { leases, questions } = work;
  // As it comes: a report may be large.
  server.addContentTypeParser('application/octet-stream', (_request, body, done) => {
    done(null, body);
  });
  addTake(server, leases);
  addTrade(server, work);
  addWords(server, work);
  addReport(server, work);
  addEnds(server, work);
  addQuestions(server, questions);
}

/** Scans know a runner by its key and by the name that it gives itself. */
const nameOf = ({ name }: RunnerCaller, own: string) => `${name}/${own}`;

function addTake(server: Server, leases: Leases): void {
  server.post(
    '/leases',
    { config, schema: { hide: true, body: takeBody, response: { 200: takeAnswer } } },
    async request => {
      const caller = runnerOf(request);
      const lease = await leases.take(nameOf(caller, request.body.runner), caller.regions);
      return { offer: lease === undefined ? null : toOffer(lease) };
    },
  );
}

/** A pod comes by the lease of the attempt that it was made for. */
function addTrade(server: Server, { tickets }: Work): void {
  server.post(
    '/tickets',
    { config: { access: { kind: 'ticket' } }, schema: { hide: true, body: takeBody, response: { 200: tradeAnswer } } },
    async request => {
      const { lease, key } = await tickets.trade(podOf(request), request.body.runner);
      return { offer: toOffer(lease), key: key.reveal() };
    },
  );
}

const toOffer = (lease: Lease): Offer => ({
  scan: lease.scan,
  team: lease.team,
  attempt: lease.attempt,
  runId: lease.runId,
  before: lease.before,
  clean: lease.clean ?? null,
  namespaces: lease.namespaces,
  requireJail: lease.requireJail,
  names: { cluster: lease.names.cluster, profiles: [...lease.names.profiles] },
  request: lease.request,
  cluster: {
    id: lease.hold.cluster,
    credential: lease.cluster.credential ?? null,
    context: lease.cluster.context ?? null,
  },
});

type HeldRequest = FastifyRequest<{ Params: z.infer<typeof attemptPath> }>;

/** What the caller holds, or held: that it counts still is seen to by each change. Throws SERVICE_NOT_FOUND. */
const held = (request: HeldRequest, { leases, tickets }: Work): Promise<Held> => {
  const { pod, params } = request;
  return pod === undefined ? leases.find(params, runnerOf(request)) : tickets.find(pod, params);
};

function addWords(server: Server, work: Work): void {
  const { leases } = work;
  const schema = { hide: true, params: attemptPath };
  server.post(
    '/leases/:scan/:attempt/heartbeat',
    { config: ofLease, schema: { ...schema, response: { 200: word } } },
    async request => ({ word: await leases.touch(await held(request, work)) }),
  );
  server.post(
    '/leases/:scan/:attempt/events',
    { config: ofLease, schema: { ...schema, body: eventsBody, response: { 204: z.null() } } },
    async (request, reply) => {
      await leases.tell(await held(request, work), request.body.events);
      return reply.code(204).send(null);
    },
  );
}

function addReport(server: Server, work: Work): void {
  const { leases } = work;
  server.put(
    '/leases/:scan/:attempt/reports',
    {
      config: ofLease,
      bodyLimit: mostReportBytes,
      schema: { hide: true, params: attemptPath, response: { 200: uploaded } },
    },
    async request => {
      const lease = await held(request, work);
      const { body } = request;
      if (!(body instanceof Readable))
        throw new ScanError('SERVICE_BODY', 'A report is sent as application/octet-stream');
      return { kept: (await leases.upload(lease, body)) ?? null };
    },
  );
}

function addEnds(server: Server, work: Work): void {
  const { leases } = work;
  const schema = { hide: true, params: attemptPath };
  server.post(
    '/leases/:scan/:attempt/end',
    { config: ofLease, schema: { ...schema, body: endBody, response: { 200: counted } } },
    async request => ({ counts: await leases.endOf(await held(request, work), toEnding(request.body)) }),
  );
  server.post(
    '/leases/:scan/:attempt/release',
    { config: ofLease, schema: { ...schema, response: { 204: z.null() } } },
    async (request, reply) => {
      await leases.release(await held(request, work));
      return reply.code(204).send(null);
    },
  );
}

const toEnding = (body: EndBody): Ending => (body.kind === 'judged' ? { ...body, failure: body.failure } : body);

/** Only who was given a question answers it: the row has its name. */
function addQuestions(server: Server, questions: Questions): void {
  server.post(
    '/questions',
    { config, schema: { hide: true, body: takeBody, response: { 200: takeQuestionAnswer } } },
    async request => {
      const caller = runnerOf(request);
      const taken = await questions.take(nameOf(caller, request.body.runner), caller.regions);
      if (taken === undefined) return { question: null };
      const { credential = null, context = null } = taken.cluster;
      return { question: { ...taken, cluster: { credential, context } } };
    },
  );
  const params = z.object({ id: uuid });
  server.post(
    '/questions/:id/answer',
    { config, schema: { hide: true, params, body: answerBody, response: { 200: counted } } },
    async request => {
      const { runner, answer } = request.body;
      const name = nameOf(runnerOf(request), runner);
      return { counts: await questions.answer(request.params.id, name, answer) };
    },
  );
}
