// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { kill } from 'node:process';
import { promisify } from 'node:util';
import { WebSocket, WebSocketServer } from 'ws';
import { ExecStream } from '../../cluster/exec-stream.ts';
import { killOf } from '../shell.ts';
import type { ShellEntry } from '../shell-entry.ts';

const run = promisify(execFile);

/** Shells of this machine behind the wire protocol of an API server. */
export interface LocalShells extends AsyncDisposable {
  /** How many streams were opened. */
  readonly opened: number;
  entry(command: string[], more?: Partial<ShellEntry>): ShellEntry;
  /** Cuts every connection, as a lost node would; what runs behind them goes on. */
  cut(): void;
}

export async function startLocalShells(): Promise<LocalShells> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const children = new Set<ChildProcess>();
  await once(server, 'listening');
  server.on('connection', (socket, request) => {
    const words = new URL(request.url ?? '', 'http://local').searchParams.getAll('command');
    children.add(attach(socket, words));
  });
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  let opened = 0;
  const open = async (command: string[]) => {
    opened += 1;
    const query = new URLSearchParams();
    for (const word of command) query.append('command', word);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/?${query.toString()}`, ['v5.channel.k8s.io']);
    // At once: what comes with the opening would find no listener later.
    return new Promise<ExecStream>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => resolve(new ExecStream(socket)));
    });
  };
  return {
    get opened() {
      return opened;
    },
    entry: (command, more = {}) => ({
      name: 'shop/web/app',
      shell: command.slice(0, 1),
      open: () => open(command),
      kill: async pid => void (await run('sh', ['-c', killOf(pid)])),
      verify: () => Promise.resolve(),
      ...more,
    }),
    cut: () => server.clients.forEach(client => client.terminate()),
    async [Symbol.asyncDispose]() {
      for (const { pid } of children) if (pid !== undefined) killGroup(pid);
      server.clients.forEach(client => client.terminate());
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const [stdin, stdout, stderr, status] = [0, 1, 2, 3];

/** A process whose input and output are the channels of a socket; a group of its own, as a runtime makes it. */
function attach(socket: WebSocket, [program = '', ...args]: string[]): ChildProcess {
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const send = (channel: number, bytes: Buffer) => socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (bytes: Buffer) => send(stdout, bytes));
  child.stderr.on('data', (bytes: Buffer) => send(stderr, bytes));
  socket.on('message', (data: Buffer) => {
    if (data[0] === stdin) child.stdin.write(data.subarray(1));
  });
  socket.on('close', () => child.stdin.end());
  child.on('exit', (code, signal) => {
    send(status, Buffer.from(JSON.stringify(toStatus(signal === null ? (code ?? 0) : 137))));
    socket.close(1000);
  });
  child.on('error', error => {
    const message = `exec: "${program}": executable file not found in $PATH (${error.message})`;
    send(status, Buffer.from(JSON.stringify({ status: 'Failure', reason: 'InternalError', message })));
    socket.close(1000);
  });
  return child;
}

function toStatus(code: number): object {
  if (code === 0) return { status: 'Success' };
  const causes = [{ reason: 'ExitCode', message: String(code) }];
  return { status: 'Failure', reason: 'NonZeroExitCode', details: { causes } };
}

function killGroup(pid: number): void {
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
