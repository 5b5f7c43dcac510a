// SPDX-License-Identifier: Apache-2.0
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScanError } from '../errors/index.ts';
import { isLoopback, type RetrySettings, retryDefaults } from '../http/index.ts';
import { type Environment, readVariable, Secret } from '../request/index.ts';
import { azureServer } from './azure.ts';
import { FolderStore } from './folder-store.ts';
import { type GcsCredentials, gcsServer } from './gcs.ts';
import { type ContentStore, isObjectName, type ObjectStore } from './object-store.ts';
import { s3Server } from './s3.ts';
import type { Server } from './server.ts';
import { ServerStore } from './server-store.ts';

export interface StoreSurroundings {
  /** Where paths begin, and what no file leaves through a link. */
  workspace: string;
  /** Holds credentials and names proxies. */
  environment: Environment;
  /** Of a server that is not the service's own. */
  endpoint?: string | undefined;
  /** Whether such a server may be asked without TLS. */
  isInsecure?: boolean;
  retry?: RetrySettings;
}

export interface OpenedStore {
  store: ObjectStore;
  /** To be kept out of everything that is printed. */
  secrets: Secret[];
}

/** A place and an object in it, of which only the place is opened. */
export interface OpenedObject extends OpenedStore {
  name: string;
}

const addressForms = 'a folder, file:, s3://bucket/prefix, gs://bucket/prefix or azblob://account/container/prefix';

/** The store of an address. Everything that can be known without asking anybody is checked. */
export function openStore(text: string, surroundings: StoreSurroundings): OpenedStore {
  const parsed = parseAddress(text);
  if (parsed.kind === 'folder') {
    const folder = resolve(surroundings.workspace, parsed.path);
    return { store: new FolderStore({ folder, workspace: surroundings.workspace }), secrets: [] };
  }
  return openServer(parsed, surroundings);
}

export interface OpenedContents {
  store: ContentStore;
  secrets: Secret[];
}

/** A bucket for contents that never change; folders are for whoever knows what else lies in them. */
export function openContents(text: string, surroundings: StoreSurroundings): OpenedContents {
  const parsed = parseAddress(text);
  if (parsed.kind === 'server') return openServer(parsed, surroundings);
  throw invalid('expected s3://bucket/prefix, gs://bucket/prefix or azblob://account/container/prefix');
}

/** The same for the address of one object. */
export function openObject(text: string, surroundings: StoreSurroundings): OpenedObject {
  const parsed = parseAddress(text);
  if (parsed.kind === 'folder') {
    const path = resolve(surroundings.workspace, parsed.path);
    const [folder, name] = [dirname(path), basename(path)];
    const store = new FolderStore({ folder, workspace: surroundings.workspace, file: name });
    return { store, secrets: [], name };
  }
  const { parts } = parsed;
  const name = parts.at(-1);
  if (name === undefined || parts.length <= bucketParts[parsed.scheme])
    throw invalid(`${shown(text)} names a bucket, and no object in it`);
  return { ...openServer({ ...parsed, parts: parts.slice(0, -1) }, surroundings), name };
}

const schemes = ['s3', 'gs', 'azblob'] as const;
type Scheme = (typeof schemes)[number];
type Address = { kind: 'folder'; path: string } | { kind: 'server'; scheme: Scheme; parts: string[] };

/** How many parts of an address come before the prefix. */
const bucketParts: Readonly<Record<Scheme, number>> = { s3: 1, gs: 1, azblob: 2 };

function parseAddress(text: string): Address {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text) ?? [];
  if (scheme === '') return { kind: 'folder', path: text };
  if (scheme === 'file') return { kind: 'folder', path: pathOf(text, rest) };
  const service = schemes.find(known => known === scheme);
  if (service === undefined) throw invalid(`expected ${addressForms}`);
  return { kind: 'server', scheme: service, parts: partsOf(service, rest) };
}

function partsOf(scheme: Scheme, rest: string): string[] {
  const parts = rest.replace(/^\/\//, '').replace(/\/$/, '').split('/');
  const least = bucketParts[scheme];
  if (rest.startsWith('//') && parts.length >= least && isObjectName(parts.join('/'))) return parts;
  const what = least === 1 ? 'a bucket' : 'an account and a container';
  throw invalid(`${scheme}: is not followed by ${what} and a prefix of plain names`);
}

function pathOf(text: string, rest: string): string {
  if (!rest.startsWith('//')) return rest;
  try {
    return fileURLToPath(text);
  } catch (cause) {
    throw new ScanError('INPUT_INVALID', 'store: file:// is not followed by a path of this machine', { cause });
  }
}

// What was given may hold credentials by mistake: it is not repeated.
const shown = (text: string): string => `the address ${text.slice(0, text.indexOf(':'))}:`;
const invalid = (problem: string) => new ScanError('INPUT_INVALID', `store: ${problem}`);

function openServer(address: Extract<Address, { kind: 'server' }>, surroundings: StoreSurroundings) {
  const { scheme, parts } = address;
  const server = openers[scheme](parts, `${scheme}://${parts.join('/')}`, surroundings);
  const settings: RetrySettings = { ...(surroundings.retry ?? retryDefaults), environment: surroundings.environment };
  const prefix = parts.slice(bucketParts[scheme]).join('/');
  return { store: new ServerStore(server, prefix, settings), secrets: server.secrets };
}

type Opener = (parts: string[], address: string, surroundings: StoreSurroundings) => Server;

const openers: Readonly<Record<Scheme, Opener>> = {
  s3: ([bucket = ''], address, surroundings) => {
    const { environment } = surroundings;
    const own = readVariable(environment, 'AWS_ENDPOINT_URL_S3') ?? readVariable(environment, 'AWS_ENDPOINT_URL');
    const endpoint = endpointOf(surroundings.endpoint ?? own, surroundings);
    const region = readVariable(environment, 'AWS_REGION') ?? readVariable(environment, 'AWS_DEFAULT_REGION');
    if (region === undefined && endpoint === undefined)
      throw new ScanError('INPUT_INVALID', `${address} needs AWS_REGION, which is not set`);
    const sessionToken = given(environment, 'AWS_SESSION_TOKEN');
    return s3Server(
      {
        bucket: bucketName(bucket, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
        region: regionName(region ?? 'us-east-1'),
        endpoint,
        accessKeyId: needed(environment, 'AWS_ACCESS_KEY_ID', address).reveal(),
        secretAccessKey: needed(environment, 'AWS_SECRET_ACCESS_KEY', address),
        sessionToken,
      },
      address,
    );
  },
  gs: ([bucket = ''], address, surroundings) =>
    gcsServer(
      {
        bucket: bucketName(bucket, /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/),
        endpoint: endpointOf(surroundings.endpoint, surroundings) ?? new URL('https://storage.googleapis.com'),
        credentials: googleCredentials(surroundings.environment, address),
      },
      address,
    ),
  azblob: ([account = '', container = ''], address, surroundings) => {
    const { environment } = surroundings;
    const name = bucketName(account, /^[a-z0-9]{3,24}$/);
    const sas = given(environment, 'AZURE_STORAGE_SAS_TOKEN');
    return azureServer(
      {
        container: bucketName(container, /^[a-z0-9$][a-z0-9-]{1,61}[a-z0-9]$/),
        endpoint: endpointOf(surroundings.endpoint, surroundings) ?? new URL(`https://${name}.blob.core.windows.net`),
        credentials:
          sas === undefined
            ? { kind: 'bearer', token: needed(environment, 'AZURE_STORAGE_ACCESS_TOKEN', address) }
            : { kind: 'sas', token: sas },
      },
      address,
    );
  },
};

function googleCredentials(environment: Environment, address: string): GcsCredentials {
  const accessKeyId = given(environment, 'GOOGLE_STORAGE_ACCESS_KEY_ID');
  if (accessKeyId === undefined)
    return { kind: 'bearer', token: needed(environment, 'GOOGLE_OAUTH_ACCESS_TOKEN', address) };
  const secretAccessKey = needed(environment, 'GOOGLE_STORAGE_SECRET_ACCESS_KEY', address);
  return { kind: 'hmac', accessKeyId: accessKeyId.reveal(), secretAccessKey };
}

/** Its parts become parts of the host's name, so that nothing else may stand there. */
function bucketName(name: string, form: RegExp): string {
  if (form.test(name)) return name;
  throw invalid('the name of the bucket, account or container is none that its service would have');
}

function regionName(region: string): string {
  if (/^[a-z0-9-]{2,40}$/.test(region)) return region;
  throw new ScanError('INPUT_INVALID', 'AWS_REGION is not the name of a region');
}

function endpointOf(text: string | undefined, { isInsecure = false }: StoreSurroundings): URL | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== ''
  )
    throw invalid('the endpoint is not an http(s) address without credentials and parameters');
  if (url.protocol === 'https:' || isInsecure || isLoopback(url)) return url;
  throw new ScanError('INPUT_INVALID', `store: ${url.origin} is not https, and so is read by everyone on the way`, {
    remedy: 'Use an https address, or pass --store-insecure.',
  });
}

function needed(environment: Environment, name: string, address: string): Secret {
  const secret = given(environment, name);
  if (secret !== undefined) return secret;
  throw new ScanError('INPUT_INVALID', `${address} needs ${name}, which is not set`, {
    remedy: 'docs/companions.md lists the variables that each service needs.',
  });
}

function given(environment: Environment, name: string): Secret | undefined {
  const text = readVariable(environment, name)?.trim();
  if (text === undefined || /^[\u0021-\u007e]+$/.test(text)) return text === undefined ? undefined : new Secret(text);
  throw new ScanError('INPUT_INVALID', `${name}: expected printable ASCII characters without blanks, on one line`);
}
