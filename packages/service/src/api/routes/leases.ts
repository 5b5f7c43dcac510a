// SPDX-License-Identifier: Apache-2.0
// For runners elsewhere, which hold no credential of the database: they take scans, say that they live, and how it ended.
import { Readable } from 'node:stream';
import { ScanError } from '@cinc-scan/core';
import type { FastifyRequest } from 'fastify';
import * as z from 'zod';
import { uuid } from '../../domain/ids.ts';
import type { Ending, Lease, Leases } from '../../queue/leases.ts';
import type { Questions } from '../../queue/questions.ts';
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
  uploaded,
  word,
} from '../../runner/wire.ts';
import { type RunnerCaller, runnerOf } from '../sign-in.ts';
import type { Server } from './routes.ts';

const config = { access: { kind: 'runner' } } as const;
const mostReportBytes = 128 * 1_048_576;

export function addLeaseRoutes(server: Server, { leases, questions }: { leases: Leases; questions: Questions }): void {
  // As it comes: a report may be large.
  server.addContentTypeParser('application/octet-stream', (_request, body, done) => {
    done(null, body);
  });
  addTake(server, leases);
  addWords(server, leases);
  addReport(server, leases);
  addEnds(server, leases);
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
const held = (request: HeldRequest, leases: Leases) => {
  const { scan, attempt } = request.params;
  return leases.find({ scan, attempt }, runnerOf(request));
};

function addWords(server: Server, leases: Leases): void {
  const schema = { hide: true, params: attemptPath };
  server.post(
    '/leases/:scan/:attempt/heartbeat',
    { config, schema: { ...schema, response: { 200: word } } },
    async request => ({ word: await leases.touch(await held(request, leases)) }),
  );
  server.post(
    '/leases/:scan/:attempt/events',
    { config, schema: { ...schema, body: eventsBody, response: { 204: z.null() } } },
    async (request, reply) => {
      await leases.tell(await held(request, leases), request.body.events);
      return reply.code(204).send(null);
    },
  );
}

function addReport(server: Server, leases: Leases): void {
  server.put(
    '/leases/:scan/:attempt/reports',
    {
      config,
      bodyLimit: mostReportBytes,
      schema: { hide: true, params: attemptPath, response: { 200: uploaded } },
    },
    async request => {
      const lease = await held(request, leases);
      const { body } = request;
      if (!(body instanceof Readable))
        throw new ScanError('SERVICE_BODY', 'A report is sent as application/octet-stream');
      return { kept: (await leases.upload(lease, body)) ?? null };
    },
  );
}

function addEnds(server: Server, leases: Leases): void {
  const schema = { hide: true, params: attemptPath };
  server.post(
    '/leases/:scan/:attempt/end',
    { config, schema: { ...schema, body: endBody, response: { 200: counted } } },
    async request => ({ counts: await leases.endOf(await held(request, leases), toEnding(request.body)) }),
  );
  server.post(
    '/leases/:scan/:attempt/release',
    { config, schema: { ...schema, response: { 204: z.null() } } },
    async (request, reply) => {
      await leases.release(await held(request, leases));
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
