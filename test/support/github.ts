// SPDX-License-Identifier: Apache-2.0
// What the action asks of GitHub: code scanning, comments, artifacts and tokens, over real HTTP. It answers as the REST
// API and the artifact service do, so far as the action and its artifact client see of them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

interface Comment {
  id: number;
  body: string;
  user: { type: string };
  author_association: string;
}

interface Asked {
  method: string;
  path: string;
  authorization: string;
  body: string;
}

export interface Github {
  url: string;
  asked: Asked[];
  /** Documents that code scanning was sent, with the commit they are about. */
  sarif: { text: string; commit: string; ref: string }[];
  comments: Comment[];
  /** Bytes of each artifact, by name. */
  artifacts: Map<string, Buffer>;
  /** Answered instead, to requests whose path matches. */
  refusals: { path: RegExp; status: number }[];
  /** What the OIDC endpoint gives. */
  oidcToken: string;
  /** The same where it depends on the audience. */
  makeOidcToken: ((audience: string) => Promise<string>) | undefined;
  /** Of a step that may reach all of it. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

export const githubToken = 'ghs_TestTokenOfTheWorkflow0123456789';
const oidcRequestToken = 'oidc-request-token-0123456789';

/** The claims that the artifact client reads from the runner's token. */
const runtimeToken = ['{}', '{"scp":"Actions.Results:run-backend:job-backend"}', 'signature']
  .map(part => Buffer.from(part).toString('base64url'))
  .join('.');

export async function startGithub(): Promise<Github> {
  const blobs = new Map<string, Buffer[]>();
  const server = createServer((request, response) => {
    void answer({ github, blobs }, request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const github: Github = {
    url,
    asked: [],
    sarif: [],
    comments: [],
    artifacts: new Map(),
    refusals: [],
    oidcToken: '',
    makeOidcToken: undefined,
    env: () => ({
      GITHUB_API_URL: url,
      ACTIONS_RESULTS_URL: url,
      ACTIONS_RUNTIME_TOKEN: runtimeToken,
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: oidcRequestToken,
    }),
    close: () => close(server),
  };
  return github;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

type Blobs = Map<string, Buffer[]>;

async function answer(
  { github, blobs }: Pick<Served, 'github' | 'blobs'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await readBody(request);
  const { method = '', url: path = '' } = request;
  const body = bytes.toString();
  github.asked.push({ method, path, authorization: request.headers.authorization ?? '', body });
  const send = (status: number, value: unknown = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-ms-request-id': '1', etag: '"1"' });
    response.end(status === 201 && path.startsWith('/blob') ? '' : JSON.stringify(value));
  };
  const refusal = github.refusals.find(each => each.path.test(path));
  if (refusal !== undefined) return send(refusal.status, { message: 'Resource not accessible by integration' });
  const route = routes.find(each => each.method === method && each.path.test(path));
  if (route === undefined) return send(404, { message: 'Not Found' });
  const [status, value] = await route.serve({ github, blobs, path, bytes, body });
  return send(status, value);
}

interface Served {
  github: Github;
  blobs: Blobs;
  path: string;
  bytes: Buffer;
  body: string;
}

type Answer = [status: number, value: unknown];

interface Route {
  method: string;
  path: RegExp;
  serve: (served: Served) => Answer | Promise<Answer>;
}

const twirp = '/twirp/github.actions.results.api.v1.ArtifactService';
const parse = (text: string) => JSON.parse(text) as Record<string, string>;

const routes: Route[] = [
  {
    method: 'POST',
    path: /^\/repos\/example\/shop\/code-scanning\/sarifs$/,
    serve({ github, body }) {
      const { sarif = '', commit_sha: commit = '', ref = '' } = parse(body);
      github.sarif.push({ text: gunzipSync(Buffer.from(sarif, 'base64')).toString(), commit, ref });
      return [202, { id: 'upload-1' }];
    },
  },
  {
    method: 'GET',
    path: /^\/repos\/example\/shop\/issues\/7\/comments\?/,
    serve({ github, path }) {
      const page = Number(new URLSearchParams(path.split('?')[1]).get('page'));
      return [200, github.comments.slice((page - 1) * 100, page * 100)];
    },
  },
  {
    method: 'POST',
    path: /^\/repos\/example\/shop\/issues\/7\/comments$/,
    serve({ github, body }) {
      const made = { id: github.comments.length + 1, user: { type: 'Bot' }, author_association: 'NONE' };
      github.comments.push({ ...made, body: parse(body)['body'] ?? '' });
      return [201, { html_url: `https://github.com/example/shop/pull/7#issuecomment-${made.id}` }];
    },
  },
  {
    method: 'PATCH',
    path: /^\/repos\/example\/shop\/issues\/comments\/\d+$/,
    serve({ github, path, body }) {
      const found = github.comments.find(({ id }) => path.endsWith(`/${id}`));
      if (found !== undefined) found.body = parse(body)['body'] ?? '';
      return [200, { html_url: 'https://github.com/example/shop/pull/7' }];
    },
  },
  {
    method: 'POST',
    path: new RegExp(`^${twirp}/CreateArtifact$`),
    serve: ({ github, body }) => [
      200,
      { ok: true, signed_upload_url: `${github.url}/blob/${parse(body)['name']}?sig=signature-of-this-address` },
    ],
  },
  {
    method: 'PUT',
    path: /^\/blob\/.*comp=block&/,
    serve({ blobs, path, bytes }) {
      const name = path.slice('/blob/'.length).split('?')[0] ?? '';
      blobs.set(name, [...(blobs.get(name) ?? []), bytes]);
      return [201, {}];
    },
  },
  { method: 'PUT', path: /^\/blob\/.*comp=blocklist/, serve: () => [201, {}] },
  {
    method: 'POST',
    path: new RegExp(`^${twirp}/FinalizeArtifact$`),
    serve({ github, blobs, body }) {
      const name = parse(body)['name'] ?? '';
      github.artifacts.set(name, Buffer.concat(blobs.get(name) ?? []));
      return [200, { ok: true, artifact_id: '4711' }];
    },
  },
  {
    method: 'GET',
    path: /^\/oidc\?/,
    async serve({ github, path }) {
      const audience = new URLSearchParams(path.split('?')[1]).get('audience') ?? '';
      return [200, { value: (await github.makeOidcToken?.(audience)) ?? github.oidcToken }];
    },
  },
];
