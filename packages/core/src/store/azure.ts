// SPDX-License-Identifier: Apache-2.0
import type { Call } from '../http/index.ts';
import type { Secret } from '../request/index.ts';
import type { PutCondition } from './object-store.ts';
import { type AnyCondition, type Listed, type Server, textsOf, type Wanted } from './server.ts';

type AzureCredentials = { kind: 'sas'; token: Secret } | { kind: 'bearer'; token: Secret };

export interface AzurePlace {
  container: string;
  endpoint: URL;
  credentials: AzureCredentials;
}

const apiVersion = '2021-12-02';

/** https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations */
export function azureServer({ container, endpoint, credentials }: AzurePlace, address: string): Server {
  const base = `${endpoint.href.replace(/\/+$/, '')}/${container}`;
  return {
    address,
    isTrusted: true,
    secrets: [credentials.token],
    urlOf: key => new URL(`${base}/${key}`),
    listUrl: (prefix, marker) => listUrl(base, prefix, marker),
    putHeaders: condition => ({ 'x-ms-blob-type': 'BlockBlob', ...conditionHeaders(condition) }),
    sign: wanted => Promise.resolve(sign(wanted, credentials)),
    versionOf: ({ headers }) => (typeof headers['etag'] === 'string' ? headers['etag'] : undefined),
    absent: ['BlobNotFound'],
    parseList,
    variables: 'AZURE_STORAGE_SAS_TOKEN, or AZURE_STORAGE_ACCESS_TOKEN',
  };
}

function conditionHeaders(condition: PutCondition | AnyCondition): Record<string, string> {
  if (condition.kind === 'any') return {};
  return condition.kind === 'new' ? { 'if-none-match': '*' } : { 'if-match': condition.version };
}

function listUrl(base: string, prefix: string, marker: string | undefined): URL {
  const url = new URL(base);
  url.searchParams.set('restype', 'container');
  url.searchParams.set('comp', 'list');
  url.searchParams.set('prefix', prefix);
  if (marker !== undefined) url.searchParams.set('marker', marker);
  return url;
}

function parseList(xml: string): Listed {
  const next = textsOf(xml, 'NextMarker')[0] ?? '';
  return { names: textsOf(xml, 'Name'), next: next === '' ? undefined : next };
}

/** A shared access signature is part of the address, which therefore is never shown. */
function sign({ url, headers, ...wanted }: Wanted, { kind, token }: AzureCredentials): Call {
  const own = { ...headers, 'x-ms-version': apiVersion, 'x-ms-date': new Date().toUTCString() };
  if (kind === 'bearer') return { ...wanted, url, headers: { ...own, authorization: `Bearer ${token.reveal()}` } };
  const signed = new URL(url);
  signed.search = [url.search.slice(1), token.reveal().replace(/^\?/, '')].filter(Boolean).join('&');
  return { ...wanted, url: signed, headers: own };
}
