// SPDX-License-Identifier: Apache-2.0
// A client that believes no answer which the description of the API does not allow.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Operation {
  parameters?: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
  requestBody?: { content: Record<string, { schema: object }> };
  'x-role'?: string;
}

export interface ApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  text: string;
  headers: Headers;
}

export interface Asking {
  key?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

const prefix = '/api/v1';

export class ApiClient {
  readonly document: ApiDocument;
  private readonly url: string;
  private readonly ajv: Ajv2020;

  private constructor(url: string, document: ApiDocument) {
    this.url = url;
    this.document = document;
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.ajv);
    this.ajv.addSchema({ $id: 'api', components: document.components });
  }

  static async open(url: string): Promise<ApiClient> {
    const response = await fetch(`${url}${prefix}/openapi.json`);
    return new ApiClient(url, (await response.json()) as ApiDocument);
  }

  /** Every operation there is. */
  get operations(): { method: string; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
  }

  async call(method: string, path: string, { key, body, headers }: Asking = {}): Promise<Answer> {
    const response = await fetch(this.addressOf(path), {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const parsed: unknown = /json/.test(type) && text !== '' ? JSON.parse(text) : {};
    if (method !== 'HEAD') this.requireDescribed(method, path, { status: response.status, body: parsed, type });
    return { status: response.status, body: parsed as Record<string, unknown>, text, headers: response.headers };
  }

  /** Below the prefix of the API, unless it is of the machinery. */
  private addressOf(path: string): string {
    return `${this.url}${path.startsWith('/internal/') ? '' : prefix}${path}`;
  }

  private requireDescribed(
    method: string,
    path: string,
    { status, body, type }: { status: number; body: unknown; type: string },
  ): void {
    if (type.startsWith('application/problem+json'))
      return this.requireValid({ $ref: '#/components/schemas/Problem' }, body, path);
    const operation = this.find(method, path.split('?', 1)[0] ?? '');
    const described = operation?.responses[status]?.content?.['application/json']?.schema;
    if (described !== undefined) this.requireValid(described, body, path);
    else if (type.startsWith('application/json') && !path.includes('/results'))
      throw new Error(`${method} ${path} answers ${status}, which is not described`);
  }

  private find(method: string, path: string): Operation | undefined {
    return this.operations.find(
      each =>
        each.method === method &&
        new RegExp(`^${each.path.replace(prefix, '').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
    )?.operation;
  }

  private requireValid(schema: object, body: unknown, path: string): void {
    const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
    const validate = this.ajv.compile(JSON.parse(text) as object);
    if (!validate(body))
      throw new Error(`${path} answers what is not described: ${this.ajv.errorsText(validate.errors)}`);
  }
}
