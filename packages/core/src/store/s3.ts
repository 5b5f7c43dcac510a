// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import type { Secret } from '../request/index.ts';
import type { PutCondition } from './object-store.ts';
import { type AnyCondition, type Listed, type Server, textsOf, type Wanted } from './server.ts';

export interface S3Place {
  bucket: string;
  region: string;
  /** Of a server that is not Amazon's. */
  endpoint: URL | undefined;
  accessKeyId: string;
  secretAccessKey: Secret;
  sessionToken: Secret | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html */
export function s3Server(place: S3Place, address: string): Server {
  const base = baseOf(place);
  return {
    address,
    isTrusted: place.endpoint === undefined,
    secrets: [place.secretAccessKey, ...(place.sessionToken === undefined ? [] : [place.sessionToken])],
    urlOf: key => new URL(`${base}/${key}`),
    listUrl: (prefix, marker) => listUrl(`${base}/`, prefix, marker),
    putHeaders: conditionHeaders,
    sign: wanted => sign(wanted, place),
    versionOf: ({ headers }) => (typeof headers['etag'] === 'string' ? headers['etag'] : undefined),
    absent: ['NoSuchKey'],
    parseList: parseS3List,
    variables: 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN',
  };
}

/** A certificate for all buckets covers no name with dots, and other servers know their buckets by the path alone. */
function baseOf({ bucket, region, endpoint }: S3Place): string {
  if (endpoint !== undefined) return `${endpoint.href.replace(/\/+$/, '')}/${bucket}`;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return bucket.includes('.') ? `https://s3.${region}.${domain}/${bucket}` : `https://${bucket}.s3.${region}.${domain}`;
}

function conditionHeaders(condition: PutCondition | AnyCondition): Record<string, string> {
  if (condition.kind === 'any') return {};
  return condition.kind === 'new' ? { 'if-none-match': '*' } : { 'if-match': condition.version };
}

/** Pages of ListObjectsV2, which Google Cloud Storage answers, too. */
export function listUrl(base: string, prefix: string, marker: string | undefined): URL {
  const url = new URL(base);
  url.searchParams.set('list-type', '2');
  url.searchParams.set('prefix', prefix);
  if (marker !== undefined) url.searchParams.set('continuation-token', marker);
  return url;
}

export function parseS3List(xml: string): Listed {
  const isCut = textsOf(xml, 'IsTruncated')[0] === 'true';
  return { names: textsOf(xml, 'Key'), next: isCut ? textsOf(xml, 'NextContinuationToken')[0] : undefined };
}

export const payloadDigest = (body: Buffer | undefined): string =>
  createHash('sha256')
    .update(body ?? '')
    .digest('hex');

async function sign({ method, url, headers, body, payload }: Wanted, place: S3Place) {
  const signer = new AwsV4Signer({
    method,
    url: url.href,
    // What is stored is what was signed, also where the way is not encrypted.
    headers: { ...headers, 'x-amz-content-sha256': payload ?? payloadDigest(body) },
    accessKeyId: place.accessKeyId,
    secretAccessKey: place.secretAccessKey.reveal(),
    ...(place.sessionToken !== undefined && { sessionToken: place.sessionToken.reveal() }),
    service: 's3',
    region: place.region,
  });
  const signed = await signer.sign();
  return { method, url: signed.url, headers: Object.fromEntries(signed.headers), ...(body && { body }) };
}
