// SPDX-License-Identifier: Apache-2.0
// Errors of the API: problem+json (RFC 9457) with the codes that every door of cinc-scan has. Where browsers sign in, people
// get them as a page.
import { type ErrorCode, isScanError, ScanError } from '@cinc-scan/core';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { apiTypes } from '../domain/api-types.ts';
import { pagePolicy } from '../pages/page.ts';
import { renderProblemPage } from '../pages/problem-page.ts';

const problem = z
  .object({
    type: z.string().describe('Where the code is explained'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('One of the closed codes'),
    detail: z.string().describe('What happened to which object'),
    remedy: z.string(),
    problems: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .register(apiTypes, { id: 'Problem' });

const statuses: Partial<Record<ErrorCode, [status: number, title: string]>> = {
  SERVICE_KEY_INVALID: [401, 'No valid key'],
  SERVICE_SIGN_IN_REFUSED: [401, 'Not signed in'],
  SERVICE_TOKEN_REFUSED: [401, 'The token is not taken'],
  ISSUER_UNUSABLE: [422, 'The issuer cannot be used'],
  SERVICE_FORBIDDEN: [403, 'The role does not allow it'],
  SERVICE_NOT_FOUND: [404, 'Not found'],
  SERVICE_CONFLICT: [409, 'It contradicts what is there'],
  SERVICE_BODY: [400, 'The body cannot be read'],
  SERVICE_QUOTA: [429, 'Too many scans wait'],
  SERVICE_TOO_OFTEN: [429, 'Too many failures'],
  SERVICE_UNAVAILABLE: [503, 'Not available now'],
  CLUSTER_UNASKED: [503, 'Nobody has answered for the cluster'],
  CLUSTER_UNREACHABLE: [502, 'The cluster does not answer'],
  CLUSTER_UNAUTHORIZED: [502, 'The cluster does not know the service'],
  CLUSTER_FORBIDDEN: [502, 'The cluster refuses the service'],
  CLUSTER_REFUSED: [502, 'The cluster refuses what was asked'],
  KUBECONFIG_INVALID: [502, 'The service cannot sign in to the cluster'],
  SERVICE_DATA: [500, 'The service cannot read or write what it keeps'],
};

interface Problem {
  status: number;
  body: z.infer<typeof problem>;
}

interface Field {
  path: string;
  message: string;
}

/** A mistake of the caller is 422 unless its code says otherwise; what has no code of ours is a fault of the service. */
function toProblem(error: ScanError, problems?: Field[]): Problem {
  const [status, title] =
    statuses[error.code] ?? (error.exit === 2 ? [422, 'The request is not valid'] : [500, 'The service failed']);
  return {
    status,
    body: {
      type: `https://github.com/org/cinc-scan/blob/main/docs/errors.md#${error.code.toLowerCase()}`,
      title,
      status,
      code: error.code,
      detail: error.message,
      remedy: error.remedy,
      ...(problems && { problems }),
    },
  };
}

const retryAfterSeconds = 5;

/** Gives every error its answer. One that nobody foresaw says nothing of itself outside of the log. */
export function answerProblems(server: FastifyInstance): void {
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const known = hasZodFastifySchemaValidationErrors(error) ? undefined : toKnown(error);
    if (known === undefined) return send(reply, invalidRequest(error));
    const ours = ownFault(known);
    if (ours !== undefined) request.log.error({ err: error }, 'a request failed');
    return send(reply, toProblem(ours ?? known));
  });
  server.setNotFoundHandler((request, reply) => send(reply, toProblem(noRoute(request))));
}

/** What went wrong within the service names its folders and buckets, which are for its log alone. */
function ownFault(error: ScanError): ScanError | undefined {
  if (error.code === 'SERVICE_DATA')
    return new ScanError('SERVICE_DATA', 'The service cannot read or write what it keeps; its log says why');
  if (error.code === 'STORE_FAILED')
    return new ScanError('SERVICE_UNAVAILABLE', 'What the service keeps cannot be reached now');
  return undefined;
}

const noRoute = ({ method, url }: FastifyRequest) =>
  new ScanError('SERVICE_NOT_FOUND', `There is nothing at ${method} ${url.split('?', 1)[0]?.slice(0, 200)}`, {
    remedy: 'The paths are in /api/v1/openapi.json.',
  });

function send(reply: FastifyReply, { status, body }: Problem): FastifyReply {
  if (status === 429 || status === 503)
    reply.header('retry-after', body.code === 'SERVICE_TOO_OFTEN' ? 60 : retryAfterSeconds);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(status);
  if (isForPeople(reply.request))
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', pagePolicy)
      .send(renderProblemPage(body));
  return reply.type('application/problem+json').send(JSON.stringify(body));
}

/** Browsers name pages, and nothing that programs read. */
function isForPeople({ url, headers: { accept = '' } }: FastifyRequest): boolean {
  return url.startsWith('/auth/') && accept.includes('text/html') && !accept.includes('json');
}

function invalidRequest(error: FastifyError): Problem {
  const issues = hasZodFastifySchemaValidationErrors(error) ? error.validation : [];
  const fields = issues.slice(0, 20).map(({ instancePath, message }) => ({
    path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
    message: message ?? 'not valid',
  }));
  const said = fields.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  return toProblem(
    new ScanError('REQUEST_INVALID', said === '' ? 'The request is not valid' : said, {
      remedy: 'The shape of each request is in /api/v1/openapi.json.',
    }),
    fields,
  );
}

function toKnown(error: FastifyError): ScanError {
  if (isScanError(error)) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ScanError('SERVICE_BODY', error.message, { cause: error });
    case '23505': // unique_violation: somebody else was first
      return new ScanError('SERVICE_CONFLICT', 'Somebody else changed the same at this moment', { cause: error });
    default:
      return isConnectionError(error)
        ? new ScanError('SERVICE_UNAVAILABLE', 'The database does not answer', { cause: error })
        : new ScanError('SERVICE_DATA', 'The service failed; its log says why', { cause: error });
  }
}

// Of the system, and classes 08 (connection), 53 (resources) and 57 (operator) of PostgreSQL.
const isConnectionError = ({ code, message }: FastifyError): boolean =>
  /^(?:ECONN|ENOTFOUND|ETIMEDOUT|EPIPE|08|53|57)/.test(code) || message.includes('Connection terminated');
