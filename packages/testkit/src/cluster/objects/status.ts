// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from './json.ts';

type Cause = { reason?: string; message: string; field?: string };

export type Details = {
  name?: string;
  group?: string;
  kind?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
};

/** What a client sees named in messages: `pods`, or `roles.rbac.authorization.k8s.io`. */
export type Named = { group: string; resource: string; kind: string };

/** An answer of the API server that is a failure: a `v1.Status`. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: number;
  readonly reason: string;
  readonly details: Details | undefined;
  readonly headers: Record<string, string>;

  constructor(
    code: number,
    message: string,
    more: { reason?: string; details?: Details; headers?: Record<string, string> },
  ) {
    super(message);
    this.code = code;
    this.reason = more.reason ?? '';
    this.details = more.details;
    this.headers = more.headers ?? {};
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

function qualified(named: { group: string; resource: string }): string {
  return named.group === '' ? named.resource : `${named.resource}.${named.group}`;
}

function qualifiedKind(named: Named): string {
  return named.group === '' ? named.kind : `${named.kind}.${named.group}`;
}

function detailsOf(named: { group: string; resource: string }, name?: string): Details {
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(named.group === '' ? {} : { group: named.group }),
    kind: named.resource,
  };
}

export const notFound = (named: { group: string; resource: string }, name: string): ApiError =>
  new ApiError(404, `${qualified(named)} "${name}" not found`, { reason: 'NotFound', details: detailsOf(named, name) });

export const alreadyExists = (named: Named, name: string): ApiError =>
  new ApiError(409, `${qualified(named)} "${name}" already exists`, {
    reason: 'AlreadyExists',
    details: detailsOf(named, name),
  });

export const conflict = (named: Named, name: string): ApiError =>
  new ApiError(
    409,
    `Operation cannot be fulfilled on ${qualified(named)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { reason: 'Conflict', details: detailsOf(named, name) },
  );

export const otherUid = (named: Named, name: string, [asked, own]: [string, string]): ApiError =>
  new ApiError(
    409,
    `Operation cannot be fulfilled on ${qualified(named)} "${name}": Precondition failed: UID in precondition: ${asked}, UID in object meta: ${own}`,
    { reason: 'Conflict', details: detailsOf(named, name) },
  );

export const unknownResource = (): ApiError =>
  new ApiError(404, 'the server could not find the requested resource', { reason: 'NotFound', details: {} });

export const forbidden = (named: { group: string; resource: string }, name: string, why: string): ApiError =>
  new ApiError(403, `${qualified(named)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`, {
    reason: 'Forbidden',
    details: detailsOf(named, name),
  });

export const badRequest = (message: string): ApiError => new ApiError(400, message, { reason: 'BadRequest' });

export const methodNotAllowed = (): ApiError =>
  new ApiError(405, 'the server does not allow this method on the requested resource', {
    reason: 'MethodNotAllowed',
    details: {},
  });

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', { reason: 'Unauthorized' });

export const unsupportedMediaType = (accepted: string[]): ApiError =>
  new ApiError(
    415,
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    { reason: 'UnsupportedMediaType' },
  );

export const notAcceptable = (accepted: string[]): ApiError =>
  new ApiError(406, `only the following media types are accepted: ${accepted.join(', ')}`, { reason: 'NotAcceptable' });

export const notImplemented = (what: string): ApiError =>
  new ApiError(501, `the embedded cluster does not implement ${what}`, { reason: 'NotImplemented' });

export type FieldError = Cause & { field: string; reason: string };

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  field,
});

export const invalidValue = (field: string, value: string, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${value}: ${detail}`,
  field,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field,
});

export const unsupportedValue = (field: string, value: string, allowed: string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: "${value}": supported values: ${allowed.map(one => `"${one}"`).join(', ')}`,
  field,
});

export function invalid(named: Named, name: string, errors: FieldError[]): ApiError {
  const texts = errors.map(error => `${error.field}: ${error.message}`);
  const text = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  return new ApiError(422, `${qualifiedKind(named)} "${name}" is invalid: ${text}`, {
    reason: 'Invalid',
    details: {
      ...(name === '' ? {} : { name }),
      ...(named.group === '' ? {} : { group: named.group }),
      ...(named.kind === '' ? {} : { kind: named.kind }),
      causes: errors,
    },
  });
}
