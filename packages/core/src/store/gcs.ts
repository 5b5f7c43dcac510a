// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac } from 'node:crypto';
import type { Call } from '../http/index.ts';
import type { Secret } from '../request/index.ts';
import type { PutCondition } from './object-store.ts';
import { listUrl, parseS3List, payloadDigest } from './s3.ts';
import type { AnyCondition, Server, Wanted } from './server.ts';

export type GcsCredentials =
  | { kind: 'bearer'; token: Secret }
  | { kind: 'hmac'; accessKeyId: string; secretAccessKey: Secret };

export interface GcsPlace {
  bucket: string;
  endpoint: URL;
  credentials: GcsCredentials;
}

/** The XML API, since it takes HMAC keys, too. https://cloud.google.com/storage/docs/request-preconditions */
export function gcsServer({ bucket, endpoint, credentials }: GcsPlace, address: string): Server {
  const base = `${endpoint.href.replace(/\/+$/, '')}/${bucket}`;
  return {
    address,
    isTrusted: true,
    secrets: [credentials.kind === 'bearer' ? credentials.token : credentials.secretAccessKey],
    urlOf: key => new URL(`${base}/${key}`),
    listUrl: (prefix, marker) => listUrl(base, prefix, marker),
    putHeaders: conditionHeaders,
    sign: wanted =>
      Promise.resolve(
        credentials.kind === 'bearer' ? bear(wanted, credentials.token) : signGoogle(wanted, credentials, new Date()),
      ),
    versionOf: ({ headers }) => {
      const generation = headers['x-goog-generation'];
      return typeof generation === 'string' ? generation : undefined;
    },
    absent: ['NoSuchKey'],
    parseList: parseS3List,
    variables: 'GOOGLE_OAUTH_ACCESS_TOKEN, or GOOGLE_STORAGE_ACCESS_KEY_ID and GOOGLE_STORAGE_SECRET_ACCESS_KEY',
  };
}

function conditionHeaders(condition: PutCondition | AnyCondition): Record<string, string> {
  if (condition.kind === 'any') return {};
  return { 'x-goog-if-generation-match': condition.kind === 'new' ? '0' : condition.version };
}

const bear = ({ headers, ...wanted }: Wanted, token: Secret): Call => ({
  ...wanted,
  headers: { ...headers, authorization: `Bearer ${token.reveal()}` },
});

const algorithm = 'GOOG4-HMAC-SHA256';

/**
 * Google's own form of Amazon's signature: it takes no generation beside headers of Amazon's, and so aws4fetch cannot sign here.
 * https://cloud.google.com/storage/docs/authentication/signatures
 */
export function signGoogle(
  { headers, ...wanted }: Wanted,
  { accessKeyId, secretAccessKey }: Extract<GcsCredentials, { kind: 'hmac' }>,
  now: Date,
): Call {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const all: Record<string, string> = {
    'x-goog-content-sha256': wanted.payload ?? payloadDigest(wanted.body),
    ...headers,
    'x-goog-date': time,
  };
  const signed = Object.keys(all)
    .filter(name => name.startsWith('x-goog-'))
    .concat('host')
    .toSorted();
  const canonical = canonicalOf(wanted, signed, { ...all, host: wanted.url.host });
  const scope = [time.slice(0, 8), 'auto', 'storage', 'goog4_request'];
  const text = [algorithm, time, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = scope.reduce<string | Buffer>(
    (secret, word) => createHmac('sha256', secret).update(word).digest(),
    `GOOG4${secretAccessKey.reveal()}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const authorization = `${algorithm} Credential=${[accessKeyId, ...scope].join('/')}, SignedHeaders=${signed.join(';')}, Signature=${signature}`;
  return { ...wanted, headers: { ...all, authorization } };
}

function canonicalOf(
  { method, url }: Omit<Wanted, 'headers'>,
  signed: string[],
  headers: Record<string, string>,
): string {
  const query = [...url.searchParams]
    .map(pair => pair.map(encodeStrictly).join('='))
    .toSorted()
    .join('&');
  const lines = signed.map(name => `${name}:${headers[name] ?? ''}`);
  const path = url.pathname.split('/').map(part => encodeStrictly(decodeURIComponent(part)));
  return [method, path.join('/'), query, ...lines, '', signed.join(';'), headers['x-goog-content-sha256']].join('\n');
}

const encodeStrictly = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
