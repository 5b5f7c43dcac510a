// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { type ErrorCode, ScanError } from '../errors/index.ts';

/** What the API server said: any status, the body as text. */
export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
  /** An earlier try got no answer, or one that may pass: what it asked for may have been done. */
  retried?: boolean;
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path below the server, each segment already encoded: see `apiPath`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Of the body; JSON unless told. */
  contentType?: string;
}

/** A path below a known one such as `api/v1`; a name that would leave its segment is refused. */
export function apiPath(base: string, ...names: string[]): string {
  return `/${[base, ...names.map(toSegment)].join('/')}`;
}

// An encoded slash or dot segment is still one to proxies that decode before they match.
function toSegment(name: string): string {
  if (/^\.{0,2}$/.test(name) || /[/%\\]/.test(name))
    throw new ScanError('INPUT_INVALID', `${JSON.stringify(name)} is not a valid name of a Kubernetes object`);
  return encodeURIComponent(name);
}

const statusBody = z.object({
  kind: z.literal('Status'),
  status: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({
      kind: z.string().optional(),
      causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional() })).optional(),
    })
    .nullish(),
});

export type StatusBody = z.infer<typeof statusBody>;

/** The `v1.Status` in a text, if it is one. */
export function parseStatus(text: string): StatusBody | undefined {
  return statusBody.safeParse(parseJson(text)).data;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks a 2xx body against the shape its caller needs. */
export function parseAnswer<T>(answer: Answer, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ScanError(
    'CLUSTER_REFUSED',
    `${what}: the answer is not what Kubernetes documents (${issue?.path.join('.') || 'body'}: ${issue?.message})`,
    {
      cause: parsed.error,
      remedy: 'Check that the server address is a Kubernetes API server and no proxy answers for it.',
    },
  );
}

/** Turns a refusal into the error it stands for; `what` is the object and what was wanted of it. */
export function toRefusal(answer: Answer, what: string): ScanError {
  const status = parseStatus(answer.text);
  const words = (status?.message ?? answer.text.slice(0, 300).trim()) || `HTTP ${answer.status} without a message`;
  return new ScanError(codeOf(answer.status, status !== undefined), `${what}: ${words}`);
}

function codeOf(status: number, isKubernetes: boolean): ErrorCode {
  if (status === 401) return 'CLUSTER_UNAUTHORIZED';
  // A proxy, and an API server offered an unknown WebSocket protocol, answer 403 without a Status: no permission lacks.
  if (status === 403 && isKubernetes) return 'CLUSTER_FORBIDDEN';
  if (status === 404 && isKubernetes) return 'TARGET_NOT_FOUND';
  return 'CLUSTER_REFUSED';
}
