// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { ScanError, toScanError } from '../errors/index.ts';
import { CommandTimeout, defaultRun, type OpenTarget } from '../lens/index.ts';
import { filesOnlyFacts, filesOnlyRead } from './files-only.ts';
import { look } from './look.ts';
import { factsScript, parseFacts, readCommand } from './questions.ts';
import { firstLine, type Reply } from './reply.ts';

const question = z.discriminatedUnion('op', [
  z.object({ op: z.literal('facts') }),
  z.object({ op: z.literal('run'), command: z.string(), timeout: z.number().positive().nullish() }),
  z.object({ op: z.literal('look'), path: z.string(), ahead: z.array(z.string()).optional() }),
  z.object({ op: z.literal('read'), path: z.string() }),
  z.object({ op: z.literal('event'), event: z.string() }).loose(),
]);

type Question = z.infer<typeof question>;

/** What the engine's child says of its own progress. */
export type EngineEvent = { event: string } & Record<string, unknown>;

export interface BrokerOptions {
  socketPath: string;
  /** Without a target only events are taken: for describing a profile. */
  target: OpenTarget | undefined;
  onEvent(event: EngineEvent): void;
  /** The longest a command may take that asks for no time of its own, milliseconds. */
  commandTimeoutMs?: number;
}

/** Answers the questions of one engine process about one target, over a Unix socket. */
export class Broker implements AsyncDisposable {
  private readonly disconnected: Promise<void>;
  private readonly server: Server;
  private readonly options: BrokerOptions;
  private socket: Socket | undefined;
  private problem: ScanError | undefined;

  private constructor(options: BrokerOptions) {
    this.options = options;
    this.server = createServer();
    this.disconnected = new Promise(resolve => {
      this.server.once('connection', socket => {
        this.server.close();
        this.socket = socket;
        socket.on('error', () => socket.destroy());
        void this.serve(socket).finally(() => {
          socket.destroy();
          resolve();
        });
      });
    });
  }

  static async listen(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options);
    await new Promise<void>((resolve, reject) => {
      broker.server.once('error', reject);
      broker.server.listen(options.socketPath, resolve);
    });
    return broker;
  }

  /** Why the target is lost, if it is: then no report of the engine counts. */
  get lost(): ScanError | undefined {
    return this.problem ?? this.options.target?.session.lost;
  }

  /** Waits until all that an ended engine process wrote was read. One that never connected wrote nothing. */
  async lastWords(): Promise<void> {
    if (this.socket !== undefined) return this.disconnected;
    const enough = new AbortController();
    await Promise.race([this.disconnected, setTimeout(500, undefined, { signal: enough.signal })]);
    enough.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket?.destroy();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async serve(socket: Socket): Promise<void> {
    try {
      for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
        const asked = question.parse(JSON.parse(line));
        if (asked.op === 'event') this.options.onEvent(asked);
        else await send(socket, await this.answer(asked));
      }
    } catch (error) {
      this.problem = toScanError(error, 'ENGINE_CRASHED', 'The engine broke its protocol');
      socket.end(`${JSON.stringify({ error: 'lost' })}\n`);
    }
  }

  private async answer(asked: Exclude<Question, { op: 'event' }>): Promise<Reply> {
    const { target } = this.options;
    if (target === undefined)
      throw new ScanError('ENGINE_FAILED', 'The profile asks for a target while it is only described');
    try {
      switch (asked.op) {
        case 'facts':
          return await facts(target);
        case 'look':
          return await look(target, asked.path, asked.ahead ?? []);
        case 'read':
          return await read(target, asked.path);
        case 'run':
          return await this.run(target, asked.command, asked.timeout);
      }
    } catch (error) {
      if (error instanceof CommandTimeout) return { header: { error: 'timeout', message: error.message } };
      throw error;
    }
  }

  private async run(
    { session, filesOf }: OpenTarget,
    command: string,
    seconds: number | null | undefined,
  ): Promise<Reply> {
    if (filesOf !== undefined) {
      return {
        header: { error: 'view', message: unseenCommand },
      };
    }
    const { commandTimeoutMs = defaultRun.timeoutMs } = this.options;
    const timeoutMs = seconds == null ? commandTimeoutMs : seconds * 1000;
    const { status, stdout, stderr, truncated } = await session.run(command, { timeoutMs });
    return { header: { status, truncated, limit: defaultRun.limit }, first: stdout, second: stderr };
  }
}

async function facts({ session, filesOf, lens, view }: OpenTarget): Promise<Reply> {
  const script = filesOf === undefined ? factsScript() : filesOnlyFacts(filesOf);
  return { header: { lens, view, facts: parseFacts(await session.run(script.command, { repeatable: true }), script) } };
}

const unseenCommand = 'only the files of this target can be seen, so its commands were not run';

async function read({ session, meter, filesOf }: OpenTarget, path: string): Promise<Reply> {
  const command = filesOf === undefined ? readCommand(path) : filesOnlyRead(filesOf, path);
  const answer = await session.run(command, { repeatable: true });
  const { status, stdout, truncated } = answer;
  // 1 is the file's own error (absent, unreadable); anything above is the helper's, and says nothing of the file.
  if (filesOf !== undefined && status > 1)
    return { header: { error: 'tool', message: `${path} cannot be read: ${firstLine(answer)}` } };
  if (status === 127) {
    meter.toolsMissing.add('cat');
    return { header: { error: 'tool', message: `the container has no cat, so ${path} cannot be read` } };
  }
  return { header: { status, truncated, limit: defaultRun.limit }, first: stdout };
}

async function send(socket: Socket, { header, first, second }: Reply): Promise<void> {
  const line = `${JSON.stringify({ ...header, first: first?.length ?? 0, second: second?.length ?? 0 })}\n`;
  const bytes = Buffer.concat([Buffer.from(line), first ?? Buffer.alloc(0), second ?? Buffer.alloc(0)]);
  await new Promise<void>(resolve => socket.write(bytes, () => resolve()));
}
