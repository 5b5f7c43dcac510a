// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Answers of a broker, by question. */
export type Answers = Map<string, Buffer>;

/** Listens for one engine, passes its questions on to a broker, and writes down what that answers. */
export async function record(socketPath: string, brokerPath: string): Promise<{ answers: Answers; close(): void }> {
  const answers: Answers = new Map();
  const server = await listen(socketPath, engine => {
    const broker = createConnection(brokerPath);
    let asked = '';
    onLine(engine, line => {
      if (!isEvent(line)) {
        asked = line;
        answers.delete(line);
      }
      broker.write(`${line}\n`);
    });
    broker.on('data', (bytes: Buffer) => {
      answers.set(asked, Buffer.concat([answers.get(asked) ?? Buffer.alloc(0), bytes]));
      engine.write(bytes);
    });
    engine.on('close', () => broker.destroy()).on('error', () => broker.destroy());
    broker.on('close', () => engine.destroy()).on('error', () => engine.destroy());
  });
  return { answers, close: () => server.close() };
}

/** Answers engines at once with what was written down: what an audit costs where looking costs nothing. */
export async function replay(socketPath: string, answers: Answers): Promise<{ completed(): number; close(): void }> {
  let completed = 0;
  const server = await listen(socketPath, engine => {
    engine.on('error', () => engine.destroy());
    onLine(engine, line => {
      if (isEvent(line)) {
        if (line.includes('"event":"complete"')) completed += 1;
        return;
      }
      const answer = answers.get(line);
      if (answer === undefined) engine.destroy(new Error(`never asked before: ${line}`));
      else engine.write(answer);
    });
  });
  return { completed: () => completed, close: () => server.close() };
}

const isEvent = (line: string) => line.startsWith('{"op":"event"');

async function listen(path: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer(serve).listen(path);
  await once(server, 'listening');
  return server;
}

function onLine(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(take);
  });
}
