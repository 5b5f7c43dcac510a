// SPDX-License-Identifier: Apache-2.0
// Stand-ins for three services of buckets, as far as their protocols are spoken here: signatures and tokens are checked,
// conditions are kept, lists come in pages of two, and anything may go wrong.
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Service = 's3' | 'gs' | 'azblob';

export interface Asked {
  method: string;
  /** Without the bucket; empty for a list. */
  key: string;
  body: Buffer;
}

export type Fault =
  | { kind: 'status'; status: number; code?: string; retryAfter?: string; isStored?: boolean }
  | { kind: 'cut' }
  | { kind: 'silent'; isStored?: boolean };

interface Refusal {
  status: number;
  code?: string;
  retryAfter?: string;
}

interface Kept {
  bytes: Buffer;
  version: string;
}

const fakeKey = { id: 'AKIDEXAMPLE', secret: 'hunter2-secret-access-key' };
const fakeToken = 'hunter2-bearer-token';
const fakeSas = `sv=2021-12-02&ss=b&sig=${encodeURIComponent('hunter2/sig+nature=')}`;

/** What the environment of a run holds for each of them. */
export const fakeCredentials: Readonly<Record<Service, Record<string, string>>> = {
  s3: { AWS_ACCESS_KEY_ID: fakeKey.id, AWS_SECRET_ACCESS_KEY: fakeKey.secret },
  gs: { GOOGLE_OAUTH_ACCESS_TOKEN: fakeToken },
  azblob: { AZURE_STORAGE_SAS_TOKEN: fakeSas },
};
/** The other way to sign in. */
export const otherCredentials: Readonly<Record<Service, Record<string, string>>> = {
  s3: { ...fakeCredentials.s3, AWS_SESSION_TOKEN: 'hunter2-session', AWS_REGION: 'eu-central-1' },
  gs: { GOOGLE_STORAGE_ACCESS_KEY_ID: fakeKey.id, GOOGLE_STORAGE_SECRET_ACCESS_KEY: fakeKey.secret },
  azblob: { AZURE_STORAGE_ACCESS_TOKEN: fakeToken },
};
export const fakeAddress: Readonly<Record<Service, string>> = {
  s3: 's3://results/a/b',
  gs: 'gs://results/a/b',
  azblob: 'azblob://account/results/a/b',
};

export class FakeBuckets implements Disposable {
  readonly objects = new Map<string, Kept>();
  readonly asked: string[] = [];
  /** Asked before anything is done; what it gives is done instead. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  ignoresConditions = false;
  readonly service: Service;
  #versions = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  private constructor(service: Service) {
    this.service = service;
  }

  static async start(service: Service): Promise<FakeBuckets> {
    const fake = new FakeBuckets(service);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const asked = { method: request.method ?? '', key: rest.map(decodeURIComponent).join('/'), body };
    this.asked.push(`${asked.method} ${asked.key}`);
    const fault = this.fault(asked);
    if (fault !== undefined) this.#fail(fault, asked, response);
    else if (!this.#isSigned(request, url, body)) this.#refuse(response, { status: 403, code: 'AccessDenied' });
    else if (bucket !== 'results') this.#refuse(response, { status: 404, code: this.#words.noBucket });
    else if (asked.method === 'PUT') this.#put(request, response, asked);
    else if (asked.method === 'DELETE') this.#delete(asked.key, response);
    else if (asked.key === '') this.#list(url, response);
    else this.#get(asked, response);
  }

  #fail(fault: Fault, { key, body }: Asked, response: ServerResponse): void {
    if (fault.kind !== 'cut' && fault.isStored === true) this.#keep(key, body);
    if (fault.kind === 'status') this.#refuse(response, fault);
    if (fault.kind !== 'cut') return;
    response.writeHead(200, { 'content-length': '1000', etag: '"1"' });
    response.write('{"version":1', () => response.destroy());
  }

  get #words() {
    return this.service === 'azblob'
      ? { noBucket: 'ContainerNotFound', noObject: 'BlobNotFound' }
      : { noBucket: 'NoSuchBucket', noObject: 'NoSuchKey' };
  }

  /** Asked by HEAD, a server says the same and leaves out the body, also of an error. */
  #get({ method, key }: Asked, response: ServerResponse): void {
    const kept = this.objects.get(key);
    if (kept === undefined) return this.#refuse(response, { status: 404, code: this.#words.noObject });
    response.writeHead(200, {
      ...this.#versionHeaders(kept),
      'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT',
      'content-length': kept.bytes.length,
    });
    response.end(method === 'HEAD' ? undefined : kept.bytes);
  }

  /** Amazon does not tell whether there was something. */
  #delete(key: string, response: ServerResponse): void {
    const wasThere = this.objects.delete(key);
    if (!wasThere && this.service !== 's3') return this.#refuse(response, { status: 404, code: this.#words.noObject });
    response.writeHead(this.service === 'azblob' ? 202 : 204);
    response.end();
  }

  #put({ headers }: IncomingMessage, response: ServerResponse, { key, body }: Asked): void {
    if (this.service === 'azblob' && headers['x-ms-blob-type'] !== 'BlockBlob')
      return this.#refuse(response, { status: 400, code: 'MissingRequiredHeader' });
    const refusal = this.ignoresConditions ? undefined : this.#refusal(headers, this.objects.get(key));
    if (refusal !== undefined) return this.#refuse(response, refusal);
    response.writeHead(this.service === 'azblob' ? 201 : 200, this.#versionHeaders(this.#keep(key, body)));
    response.end();
  }

  #refusal(headers: IncomingMessage['headers'], there: Kept | undefined): Refusal | undefined {
    if (conditions.every(each => headers[each] === undefined)) return undefined;
    const version = there?.version;
    const changed = { status: 412, code: 'PreconditionFailed' };
    if (this.service === 'gs') return headers['x-goog-if-generation-match'] === (version ?? '0') ? undefined : changed;
    const wanted = headers['if-match'];
    if (wanted === version) return undefined; // also where nothing is wanted, and nothing there
    if (this.service === 's3') return version === undefined ? { status: 404, code: 'NoSuchKey' } : changed;
    return wanted === undefined ? { status: 409, code: 'BlobAlreadyExists' } : changed;
  }

  #list({ searchParams }: URL, response: ServerResponse): void {
    const isAzure = this.service === 'azblob';
    const from = Number(searchParams.get(isAzure ? 'marker' : 'continuation-token') ?? 0);
    const prefix = searchParams.get('prefix') ?? '';
    const all = [...this.objects.keys()].filter(key => key.startsWith(prefix)).toSorted();
    const page = all.slice(from, from + 2);
    const next = from + 2 < all.length ? String(from + 2) : '';
    const names = page.map(key => key.replaceAll('&', '&amp;'));
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      isAzure
        ? `<EnumerationResults><Blobs>${names.map(name => `<Blob><Name>${name}</Name></Blob>`).join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`
        : `<ListBucketResult>${names.map(name => `<Contents><Key>${name}</Key></Contents>`).join('')}<IsTruncated>${next !== ''}</IsTruncated>${next === '' ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`,
    );
  }

  #keep(key: string, bytes: Buffer): Kept {
    const number = String(++this.#versions);
    const kept = { bytes, version: this.service === 'gs' ? number : `"v${number}"` };
    this.objects.set(key, kept);
    return kept;
  }

  #versionHeaders({ version }: Kept): Record<string, string> {
    return this.service === 'gs' ? { 'x-goog-generation': version } : { etag: version };
  }

  #refuse(response: ServerResponse, { status, code = '', retryAfter }: Refusal): void {
    response.writeHead(status, {
      ...(this.service === 'azblob' && code !== '' && { 'x-ms-error-code': code }),
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>::error::hunter2</Message></Error>`);
  }

  #isSigned({ method, headers }: IncomingMessage, url: URL, body: Buffer): boolean {
    const { authorization = '' } = headers;
    if (this.service === 'azblob') {
      if (headers['x-ms-version'] === undefined || headers['x-ms-date'] === undefined) return false;
      return authorization === `Bearer ${fakeToken}` || url.search.endsWith(fakeSas);
    }
    if (this.service === 'gs' && authorization === `Bearer ${fakeToken}`) return true;
    const family = this.service === 's3' ? amazon : google;
    return isSignedBy(family, { method: method ?? '', headers, url, body });
  }
}

interface Family {
  name: string;
  vendor: string;
  service: string;
}
const amazon: Family = { name: 'AWS4', vendor: 'amz', service: 's3' };
const google: Family = { name: 'GOOG4', vendor: 'goog', service: 'storage' };

interface Signed {
  method: string;
  headers: IncomingMessage['headers'];
  url: URL;
  body: Buffer;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, which Google has under names of its own. */
function isSignedBy({ name, vendor, service }: Family, { method, headers, url, body }: Signed): boolean {
  const pattern = new RegExp(`^${name}-HMAC-SHA256 Credential=([^/]+)/(.+), SignedHeaders=(\\S+), Signature=(\\w+)$`);
  const found = pattern.exec(headers.authorization ?? '');
  if (found === null || headers[`x-${vendor}-content-sha256`] !== sha256(body)) return false;
  const [id = '', scope = '', names = '', signature] = found.slice(1);
  const isBound = conditions.every(each => headers[each] === undefined || names.split(';').includes(each));
  if (id !== fakeKey.id || !isBound || !scope.endsWith(`/${service}/${name.toLowerCase()}_request`)) return false;
  const canonical = sha256(canonicalOf({ method, headers, url, body }, names));
  const text = [`${name}-HMAC-SHA256`, headers[`x-${vendor}-date`], scope, canonical].join('\n');
  return hmac(keyOf(`${name}${fakeKey.secret}`, scope), text).toString('hex') === signature;
}

const conditions = ['if-match', 'if-none-match', 'x-goog-if-generation-match'];
const hmac = (key: string | Buffer, word: string) => createHmac('sha256', key).update(word).digest();
const keyOf = (secret: string, scope: string) => scope.split('/').reduce<string | Buffer>(hmac, secret);

const canonicalOf = ({ method, headers, url, body }: Signed, names: string): string =>
  [
    method,
    url.pathname
      .split('/')
      .map(part => encode(decodeURIComponent(part)))
      .join('/'),
    [...url.searchParams]
      .map(pair => pair.map(encode).join('='))
      .toSorted()
      .join('&'),
    ...names.split(';').map(each => `${each}:${String(headers[each])}`),
    '',
    names,
    sha256(body),
  ].join('\n');
