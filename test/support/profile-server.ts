// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeCertificates } from './certificates.ts';

interface Asked {
  path: string;
  authorization: string | undefined;
}

/** A server of profiles over https on loopback, with an authority of its own: files, redirects and git repositories. */
export interface ProfileServer extends AsyncDisposable {
  origin: string;
  /** Variables by which its authority is known. */
  environment: Record<string, string>;
  files: Map<string, Buffer>;
  redirects: Map<string, string>;
  /** Folder of its repositories, served below /git/. */
  repositories: string;
  /** The Authorization header without which nothing is served. */
  wanted: { authorization: string | undefined };
  requests: Asked[];
}

export async function startProfileServer(folder: string): Promise<ProfileServer> {
  const place = join(folder, 'server');
  const repositories = join(place, 'git');
  mkdirSync(repositories, { recursive: true });
  const state = {
    files: new Map<string, Buffer>(),
    redirects: new Map<string, string>(),
    repositories,
    wanted: { authorization: undefined as string | undefined },
    requests: [] as Asked[],
  };
  const server = createServer(makeCertificates(place), (request, response) => void answer(state, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ca = join(place, 'ca.pem');
  return {
    ...state,
    origin: `https://127.0.0.1:${port}`,
    environment: { NODE_EXTRA_CA_CERTS: ca, GIT_SSL_CAINFO: ca },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type State = Omit<ProfileServer, 'origin' | 'environment' | typeof Symbol.asyncDispose>;

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://server');
  const { authorization } = request.headers;
  state.requests.push({ path: pathname, authorization });
  const redirect =
    state.redirects.get(pathname) ?? [...state.redirects].find(([from]) => pathname.startsWith(`${from}/`))?.[1];
  if (state.wanted.authorization !== undefined && authorization !== state.wanted.authorization)
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
  else if (redirect !== undefined) response.writeHead(302, { location: redirect }).end();
  else if (pathname.startsWith('/git/')) await runGit(state, request, response);
  else if (state.files.has(pathname)) response.end(state.files.get(pathname));
  else response.writeHead(404).end();
}

/** git's own server program, as web servers run it (gitprotocol-http, CGI). */
async function runGit({ repositories }: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', GIT_PROJECT_ROOT: repositories, ...cgiVariables(request) };
  const backend = spawn('git', ['http-backend'], { stdio: ['pipe', 'pipe', 'ignore'], env });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(backend, 'close');
  const output = Buffer.concat(chunks);
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(lines.map(line => [line.replace(/:.*/, ''), line.replace(/^[^:]*:\s*/, '')]));
  response.statusCode = Number.parseInt(headers.get('Status') ?? '200', 10);
  headers.delete('Status');
  response.setHeaders(headers).end(output.subarray(end + 4));
}

function cgiVariables({ url = '/', method = 'GET', headers }: IncomingMessage): Record<string, string> {
  const { pathname, search } = new URL(url, 'https://server');
  return {
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: pathname.slice('/git'.length),
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: method,
    CONTENT_TYPE: headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_ADDR: '127.0.0.1',
  };
}
