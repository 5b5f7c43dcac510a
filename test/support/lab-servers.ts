// SPDX-License-Identifier: Apache-2.0
// An API server that remembers what each request showed of its sender, and proxies that remember what they were asked for.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp, type Socket, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PeerCertificate, TLSSocket } from 'node:tls';

/** What a request showed of its sender, and of the way it took. */
export interface Seen {
  path: string;
  authorization: string | undefined;
  /** Headers of impersonation, in order of their names. */
  impersonation: [name: string, values: string[]][];
  /** Of the client's certificate. */
  commonName: string | undefined;
  serverName: string | undefined;
}

export interface Lab {
  folder: string;
  /** For names of files in the folder. */
  file: (name: string) => string;
  /** Behind TLS, by address. */
  api: LabServer;
  /** Behind TLS, with a certificate for kube.example.test alone. */
  named: LabServer;
  /** Without TLS. */
  plain: LabServer;
  close: () => void;
}

export interface LabServer {
  port: number;
  seen: Seen[];
  /** Answers 401 to everything else while it is set. */
  accepts: string | undefined;
  /** Called with each request, before it is judged. */
  onRequest: (seen: Seen) => void;
}

export async function startLab(): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'cst-lab-'));
  makeLabCertificates(folder);
  const read = (name: string) => readFileSync(join(folder, name));
  const tls = (name: string) => ({
    key: read(`${name}.key`),
    cert: read(`${name}.crt`),
    ca: read('ca.crt'),
    requestCert: true,
    rejectUnauthorized: false,
  });
  const servers: Server[] = [];
  const start = async (make: (answer: Handler) => Server): Promise<LabServer> => {
    const lab: LabServer = { port: 0, seen: [], accepts: undefined, onRequest: () => undefined };
    const server = make(answering(lab)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    lab.port = (server.address() as AddressInfo).port;
    return lab;
  };
  return {
    folder,
    file: name => join(folder, name),
    api: await start(answer => createHttps(tls('server'), answer)),
    named: await start(answer => createHttps(tls('named'), answer)),
    plain: await start(createHttp),
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const answering =
  (lab: LabServer): Handler =>
  (request, response) => {
    const seen = toSeen(request);
    lab.seen.push(seen);
    lab.onRequest(seen);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [status, body] = answerTo(lab, seen, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  };

function toSeen({ url = '', headers, rawHeaders, socket }: IncomingMessage): Seen {
  const names = Object.keys(headers)
    .filter(name => name.startsWith('impersonate-'))
    .toSorted();
  const valuesOf = (wanted: string) =>
    rawHeaders.flatMap((name, at) => (at % 2 === 0 && name.toLowerCase() === wanted ? [rawHeaders[at + 1] ?? ''] : []));
  return {
    path: url.replace(/\?.*$/, ''),
    authorization: headers.authorization,
    impersonation: names.map(name => [name, valuesOf(name)]),
    commonName: commonNameOf(socket),
    serverName: socket instanceof TLSSocket && socket.servername ? socket.servername : undefined,
  };
}

function commonNameOf(socket: Socket): string | undefined {
  const { subject } = socket instanceof TLSSocket ? (socket.getPeerCertificate() as Partial<PeerCertificate>) : {};
  return subject?.CN?.toString();
}

function answerTo(lab: LabServer, { path, authorization }: Seen, body: string): [status: number, body: unknown] {
  const status = (code: number, reason: string) => ({
    kind: 'Status',
    apiVersion: 'v1',
    code,
    reason,
    message: reason,
  });
  if (lab.accepts !== undefined && authorization !== `Bearer ${lab.accepts}`) return [401, status(401, 'Unauthorized')];
  if (path.endsWith('/version')) return [200, { major: '1', minor: '34', gitVersion: 'v1.34.0' }];
  if (path.endsWith('/selfsubjectaccessreviews'))
    return [201, { ...(JSON.parse(body) as object), status: { allowed: true } }];
  return [404, status(404, 'NotFound')];
}

function makeLabCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...fresh, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=lab-ca', '-days', '2');
  const make = (name: string, subject: string, extension: string) => {
    openssl('req', ...fresh, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    writeFileSync(join(folder, `${name}.ext`), `${extension}\n`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
  };
  make('server', '/CN=api', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  make('named', '/CN=api', 'subjectAltName=DNS:kube.example.test');
  make('ada', '/O=devs/CN=ada', 'extendedKeyUsage=clientAuth');
  make('bob', '/O=devs/CN=bob', 'extendedKeyUsage=clientAuth');
}

export interface Proxy extends Disposable {
  port: number;
  /** `CONNECT host:port` or `GET address`, and the credentials, of each time it was asked. */
  asked: string[];
}

/** An HTTP proxy that takes every name for this machine. `refuses` is what it answers instead, if it does. */
export async function startProxy({ refuses }: { refuses?: number } = {}): Promise<Proxy> {
  const asked: string[] = [];
  const note = (line: string, { headers }: IncomingMessage) =>
    asked.push([line, headers['proxy-authorization']].filter(Boolean).join(' '));
  const server = createHttp((request, response) => {
    note(`${request.method} ${request.url}`, request);
    response.writeHead(502).end();
  });
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    note(`CONNECT ${request.url}`, request);
    if (refuses !== undefined) client.end(`HTTP/1.1 ${refuses} No\r\nContent-Length: 0\r\n\r\n`);
    else
      bridge(client, Number(request.url?.split(':').at(-1)), api => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        api.write(head);
      });
  });
  return await listening(server, asked);
}

/** A SOCKS 5 proxy without sign-in that takes every name for this machine: https://www.rfc-editor.org/rfc/rfc1928 */
export async function startSocks(): Promise<Proxy> {
  const asked: string[] = [];
  const server = createTcp(client => {
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request: Buffer) => {
        const length = request[3] === 3 ? (request[4] ?? 0) : 4;
        const from = request[3] === 3 ? 5 : 4;
        const bytes = request.subarray(from, from + length);
        const host = request[3] === 3 ? bytes.toString() : [...bytes].join('.');
        const port = request.readUInt16BE(from + length);
        asked.push(`CONNECT ${host}:${port}`);
        bridge(client, port, () => client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])));
      });
    });
  });
  return await listening(server, asked);
}

/** Puts a client and a server of this machine together. */
function bridge(client: Socket, port: number, ready: (server: Socket) => void): void {
  const server = connect(port, '127.0.0.1', () => {
    ready(server);
    server.pipe(client);
    client.pipe(server);
  });
  server.on('error', () => client.destroy());
  client.on('error', () => server.destroy());
}

async function listening(server: TcpServer | Server, asked: string[]): Promise<Proxy> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.dispose]() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
