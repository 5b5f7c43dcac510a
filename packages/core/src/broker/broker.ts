// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { ScanError, toScanError } from '../errors/index.ts';
import {
  CommandRefused,
  CommandTimeout,
  defaultRun,
  lensTools,
  type OpenTarget,
  type RunOptions,
} from '../lens/index.ts';
import { factsScript, parseFacts } from './facts.ts';
import { filesOnlyFacts } from './files-only.ts';
import { type ContainerMarker, Looks } from './look.ts';
import { plainly } from './plainly.ts';
import { read } from './read.ts';
import type { Reply } from './reply.ts';
import { wireText } from './wire-text.ts';

const number = z.number();
const question = z.discriminatedUnion('op', [
  z.object({ op: z.literal('facts'), id: number }),
  z.object({
    op: z.literal('run'),
    id: number,
    command: wireText,
    ours: z.boolean(),
    /** The programs of a command that certainly reads and does nothing else. */
    reads: z.array(z.string()).optional(),
    timeout: z.number().positive().nullish(),
    /** Paths to look at behind the command; without them what is known stays so. */
    ahead: z.array(wireText).optional(),
  }),
  z.object({ op: z.literal('look'), id: number, path: wireText, ahead: z.array(wireText).optional() }),
  z.object({ op: z.literal('read'), id: number, path: wireText }),
]);
const message = z.union([
  question,
  z.object({ op: z.literal('cancel'), id: number }),
  z.object({ op: z.literal('event'), event: z.string() }).loose(),
]);

type Question = z.infer<typeof question>;
type RunQuestion = Extract<Question, { op: 'run' }>;

/** What the engine's child says of its own progress. */
export type EngineEvent = { event: string } & Record<string, unknown>;

export interface BrokerOptions {
  socketPath: string;
  /** Without a target only events are taken: for describing a profile. */
  target: OpenTarget | undefined;
  onEvent(event: EngineEvent): void;
  /** What marks a container as one. */
  containerMarker: ContainerMarker;
  /** The longest that a command of the profile may take, milliseconds. */
  commandTimeoutMs: number;
}

/** Answers the questions of one engine process about one target, over a Unix socket. */
export class Broker implements AsyncDisposable {
  private readonly disconnected: Promise<void>;
  private readonly concluded: Promise<void>;
  private conclude: () => void = () => undefined;
  private readonly server: Server;
  private readonly options: BrokerOptions;
  private socket: Socket | undefined;
  private problem: ScanError | undefined;
  private looks: Looks | undefined;
  /** Questions that are not answered yet. */
  private readonly open = new Map<number, AbortController>();

  private constructor(options: BrokerOptions) {
    this.options = options;
    this.server = createServer();
    this.concluded = new Promise(resolve => (this.conclude = resolve));
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

  /**
   * Waits until all that an ended engine process wrote was read. One that never connected wrote nothing, and one whose
   * profile left a process behind does not hang up.
   */
  async lastWords(): Promise<void> {
    const enough = new AbortController();
    const patience = this.socket === undefined ? 500 : 5000;
    await Promise.race([this.disconnected, this.concluded, setTimeout(patience, undefined, { signal: enough.signal })]);
    enough.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket?.destroy();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async serve(socket: Socket): Promise<void> {
    try {
      for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
        const asked = message.parse(JSON.parse(line));
        if (asked.op === 'event') this.take(asked);
        else if (asked.op === 'cancel') this.open.get(asked.id)?.abort();
        else void this.reply(socket, asked);
      }
    } catch (error) {
      this.fail(socket, error);
    } finally {
      for (const asking of this.open.values()) asking.abort();
    }
  }

  private take(event: EngineEvent): void {
    this.options.onEvent(event);
    if (event.event === 'complete' || event.event === 'failed') this.conclude();
  }

  /** Threads of a profile ask at the same time: each answer goes by its number. */
  private async reply(socket: Socket, asked: Question): Promise<void> {
    const asking = new AbortController();
    this.open.set(asked.id, asking);
    try {
      await send(socket, asked.id, await this.answer(asked, asking.signal));
    } catch (error) {
      this.fail(socket, error);
    } finally {
      this.open.delete(asked.id);
    }
  }

  private fail(socket: Socket, error: unknown): void {
    this.problem ??= toScanError(error, 'ENGINE_CRASHED', 'The engine broke its protocol');
    socket.end(`${JSON.stringify({ error: 'lost' })}\n`);
  }

  private async answer(asked: Question, signal: AbortSignal): Promise<Reply> {
    const { target } = this.options;
    if (target === undefined)
      throw new ScanError('ENGINE_FAILED', 'The profile asks for a target while it is only described');
    try {
      switch (asked.op) {
        case 'facts':
          return await facts(target);
        case 'look':
          return await this.looksInto(target).at(asked.path, asked.ahead ?? []);
        case 'read':
          return await read(target, asked.path);
        case 'run':
          return await this.run(target, asked, signal);
      }
    } catch (error) {
      if (error instanceof CommandRefused) return { header: { error: 'tool', message: error.message } };
      if (error instanceof CommandTimeout) return { header: { error: 'timeout', message: error.message } };
      throw error;
    }
  }

  private looksInto(target: OpenTarget): Looks {
    this.looks ??= new Looks({ ...target, containerMarker: this.options.containerMarker });
    return this.looks;
  }

  /** A script of the engine's own is answered by tools of ours where there are any, a command of the profile as in the target. */
  private async run(target: OpenTarget, asked: RunQuestion, signal: AbortSignal): Promise<Reply> {
    const { session, commands, filesOf } = target;
    if (filesOf !== undefined) return { header: { error: 'view', message: unseenCommand } };
    const wanted = asked.timeout == null ? Number.POSITIVE_INFINITY : asked.timeout * 1000;
    const timeoutMs = Math.min(wanted, this.options.commandTimeoutMs);
    const runBy = (ownShell: boolean) => (more: Partial<RunOptions>) =>
      (asked.ours ? session : commands).run(asked.command, { timeoutMs, signal, ownShell, ...more });
    const run = asked.reads === undefined ? runBy(true) : plainly(asked.reads, runBy);
    const answer = await (asked.ahead === undefined ? run({}) : this.looksInto(target).behind(asked.ahead, run));
    const { status, stdout, stderr, truncated } = answer;
    return { header: { status, truncated, limit: defaultRun.limit }, first: stdout, second: stderr };
  }
}

async function facts({ session, filesOf, lens, view }: OpenTarget): Promise<Reply> {
  const script = filesOf === undefined ? factsScript() : filesOnlyFacts(filesOf);
  return {
    // Beside a target, the machine of our own processes is another one.
    header: {
      beside: lensTools[lens] === 'ours',
      view,
      facts: parseFacts(await session.run(script.command, { repeatable: true }), script),
    },
  };
}

const unseenCommand = 'only the files of this target can be seen, so its commands were not run';

async function send(socket: Socket, id: number, { header, first, second }: Reply): Promise<void> {
  const line = `${JSON.stringify({ ...header, id, first: first?.length ?? 0, second: second?.length ?? 0 })}\n`;
  const bytes = Buffer.concat([Buffer.from(line), first ?? Buffer.alloc(0), second ?? Buffer.alloc(0)]);
  await new Promise<void>(resolve => socket.write(bytes, () => resolve()));
}
