// SPDX-License-Identifier: Apache-2.0
import cookie from '@fastify/cookie';
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { sql } from 'kysely';
import { pino } from 'pino';
import * as z from 'zod';
import { apiTypes } from '../domain/api-types.ts';
import type { SignInProvider } from '../identity/provider.ts';
import { ownVersion } from '../own-package.ts';
import { renderApiPage } from '../pages/api-page.ts';
import { pagePolicy } from '../pages/page.ts';
import { Leases } from '../queue/leases.ts';
import { Questions } from '../queue/questions.ts';
import { Tickets } from '../queue/tickets.ts';
import { wirePrefix } from '../runner/wire.ts';
import type { DescribedApi } from './client-types.ts';
import { finishDescription } from './describe.ts';
import { answerProblems } from './problem.ts';
import { addAuthRoutes } from './routes/auth.ts';
import { addClusterCheckRoutes } from './routes/cluster-checks.ts';
import { addDeliveryRoutes } from './routes/deliveries.ts';
import { addExportRoute } from './routes/export.ts';
import { addFindingRoutes } from './routes/findings.ts';
import { addIssuerRoutes } from './routes/issuers.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addLeaseRoutes } from './routes/leases.ts';
import { addMemberRoutes } from './routes/members.ts';
import { addObligationRoutes } from './routes/obligations.ts';
import { addPeopleRoutes } from './routes/people.ts';
import { addRegistryRoutes } from './routes/registry.ts';
import { addRetentionRoutes } from './routes/retention.ts';
import type { ApiParts, Server } from './routes/routes.ts';
import { addScanRoutes } from './routes/scans.ts';
import { addScheduleRoutes } from './routes/schedules.ts';
import { addSignInRuleRoutes } from './routes/sign-in-rules.ts';
import { addTargetRoutes } from './routes/targets.ts';
import { addTokenRoutes } from './routes/token.ts';
import { type SignInParts, signIn } from './sign-in.ts';

const mostBodyBytes = 1_048_576;

export interface ApiOptions extends Omit<ApiParts, 'providerIssuer'> {
  provider: SignInProvider | undefined;
  /** Where browsers see this service; where it listens unless told. */
  publicOrigin: string | undefined;
  logger: FastifyBaseLogger;
  version: string;
}

/** The API of the service; not listening yet. */
export async function makeApi({ logger, version, provider, publicOrigin, ...given }: ApiOptions): Promise<Server> {
  const server: Server = fastify({
    loggerInstance: logger,
    bodyLimit: mostBodyBytes,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  answerProblems(server);
  const origin = () => publicOrigin ?? server.listeningOrigin;
  const parts = { ...given, providerIssuer: provider?.issuer };
  await server.register(cookie);
  addSignIn(server, { store: parts.store, origin });
  await server.register(swagger, describedAs(version));
  await server.register(async scope => addRoutes(scope.withTypeProvider<ZodTypeProvider>(), parts), { prefix });
  const work = { leases: new Leases(parts), questions: new Questions(parts.store), tickets: new Tickets(parts) };
  await server.register(async scope => addLeaseRoutes(scope.withTypeProvider<ZodTypeProvider>(), work), {
    prefix: wirePrefix,
  });
  await server.register(async scope =>
    addAuthRoutes(scope.withTypeProvider<ZodTypeProvider>(), { ...parts, provider, origin }),
  );
  addHealth(server, parts);
  addApiPage(server);
  await server.ready();
  return server;
}

const prefix = '/api/v1';

const describedAs = (version: string): FastifyDynamicSwaggerOptions => ({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'cinc-scan service', version },
    security: [{ key: [] }, { session: [] }],
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'cinc_scan_session' },
      },
    },
  },
  transform: createJsonSchemaTransform({ schemaRegistry: apiTypes }),
  transformObject: createJsonSchemaTransformObject({ schemaRegistry: apiTypes }),
});

/** The description of the API as it is served, where no service runs. */
export async function describeApi(): Promise<DescribedApi> {
  const notCalled = (): never => {
    throw new Error('No route is called to describe it');
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- routes are described, and none is called
  const parts = new Proxy({}, { get: (_, name) => (/Ms$|^most/.test(String(name)) ? 0 : notCalled) }) as ApiParts;
  const { store, blobs, queue, issuers, sealer, onQueued, longestWaitMs, questionMs, mostFailures } = parts;
  const given = { store, blobs, queue, issuers, sealer, onQueued, longestWaitMs, questionMs, mostFailures };
  const logger = pino({ level: 'silent' });
  const server = await makeApi({
    ...given,
    provider: undefined,
    publicOrigin: undefined,
    logger,
    version: ownVersion(),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library's type knows no JSON Schema of today
  return finishDescription(server.swagger()) as object as DescribedApi;
}

/** Before a body is read: a stranger's is none of our business. */
function addSignIn(server: Server, parts: SignInParts): void {
  server.decorateRequest('caller', undefined);
  server.decorateRequest('callers');
  server.decorateRequest('pod', undefined);
  server.decorateRequest('signInAgain');
  server.addHook('onRequest', async request => {
    request.callers = [];
    request.signInAgain = () => signIn(request, parts);
    await signIn(request, parts);
  });
  server.decorate('accesses', []);
  server.addHook('onRoute', ({ method, url, config, schema }) => {
    const { access } = config ?? {};
    if (access === undefined) throw new Error(`The route ${url} does not say whom it serves`);
    for (const each of [method].flat()) server.accesses.push({ method: each, url, access });
    if (schema !== undefined && 'role' in access) Object.assign(schema, { 'x-role': `${access.kind}/${access.role}` });
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store'); // some hold keys
  });
}

function addRoutes(server: Server, parts: ApiParts): void {
  addScanRoutes(server, parts);
  addRegistryRoutes(server, parts);
  addPeopleRoutes(server, parts);
  addKeyRoutes(server, parts);
  addIssuerRoutes(server, parts);
  addTokenRoutes(server, parts);
  addRetentionRoutes(server, parts);
  addSignInRuleRoutes(server, parts);
  addMemberRoutes(server, parts);
  addFindingRoutes(server, parts);
  addTargetRoutes(server, parts);
  addDeliveryRoutes(server, parts);
  addScheduleRoutes(server, parts);
  addObligationRoutes(server, parts);
  addExportRoute(server, parts);
  addClusterCheckRoutes(server, parts);
  let description: object | undefined;
  server.get('/openapi.json', { config: { access: { kind: 'anyone' } }, schema: { hide: true } }, async () => {
    description ??= finishDescription(server.swagger());
    return description;
  });
}

function addApiPage(server: Server): void {
  let page: string | undefined;
  server.get('/docs', { config: { access: { kind: 'anyone' } }, schema: { hide: true } }, async (_request, reply) => {
    page ??= renderApiPage(finishDescription(server.swagger()));
    return reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy).send(page);
  });
}

function addHealth(server: Server, { store }: ApiParts): void {
  const config = { access: { kind: 'anyone' } } as const;
  const answer = z.object({ ok: z.boolean() });
  server.get('/livez', { config, schema: { hide: true, response: { 200: answer } } }, async () => ({ ok: true }));
  server.get(
    '/readyz',
    { config, schema: { hide: true, response: { 200: answer, 503: answer } } },
    async (_request, reply) => {
      const ok = await store
        .asPlatform(transaction => sql`select 1`.execute(transaction))
        .then(
          () => true,
          () => false,
        );
      return reply.code(ok ? 200 : 503).send({ ok });
    },
  );
}
