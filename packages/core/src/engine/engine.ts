// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { parseJson } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import type { JailStrength } from '../request/index.ts';
import { killGroup } from './child.ts';
import type { EngineInstall } from './install.ts';
import { type Jail, weakerJail } from './jail.ts';

export interface EngineVersion {
  name: string;
  version: string;
  ruby: string;
}

const parentEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), engine: z.string(), version: z.string(), ruby: z.string() }),
  z.object({
    event: z.literal('ended'),
    job: z.number(),
    status: z.number().nullable(),
    signal: z.number().nullable(),
  }),
]);

/** How the process of a job ended; nothing in it is a verdict. */
export interface JobEnd {
  signal: number | null;
}

export interface EngineOptions {
  install: EngineInstall;
  /** HOME of the engine: a private folder that is deleted afterwards. */
  home: string;
  path: string;
  /** What the engine and profiles print. Hostile. */
  onOutput: (text: string) => void;
}

const mostSaid = 500;

/**
 * For Ruby's collector. A fork shares the memory of what is loaded until one of them writes there, as a collection does
 * everywhere: it costs a job a third of its time. So there is room for what most jobs make, and they end before the first.
 */
const roomToGrow = {
  RUBY_GC_HEAP_FREE_SLOTS_MIN_RATIO: '0.75',
  RUBY_GC_HEAP_FREE_SLOTS_GOAL_RATIO: '0.8',
  RUBY_GC_HEAP_FREE_SLOTS_MAX_RATIO: '0.9',
  RUBY_GC_MALLOC_LIMIT: String(32 * 1_048_576),
  RUBY_GC_OLDMALLOC_LIMIT: String(64 * 1_048_576),
};

/** The Ruby process that holds InSpec loaded and forks for each job. */
export class Engine implements AsyncDisposable {
  readonly version: Promise<EngineVersion>;
  private readonly child: ChildProcess;
  private readonly events = new EventEmitter();
  private readonly exited: Promise<void>;
  private jobs = 0;
  private running = 0;
  private gone: ScanError | undefined;
  private isReady = false;
  private demanded: JailStrength = 'none';
  private weakest: Jail | undefined;
  /** By Ruby, before there was a profile. */
  private said = '';

  private constructor(child: ChildProcess, options: EngineOptions) {
    this.child = child;
    this.events.setMaxListeners(0);
    this.version = new Promise((resolve, reject) => {
      this.events.once('ready', resolve);
      this.events.once('gone', reject);
    });
    this.version.catch(() => undefined); // whoever awaits it learns it; nobody has to
    this.exited = new Promise(resolve => {
      const end = (how: string) => resolve(this.lose(how));
      // Not `close`: the children hold the pipes, and would keep a killed parent looking alive.
      child.once('exit', () => end(`it ended with ${child.signalCode ?? `status ${child.exitCode}`}`));
      child.once('error', error => end(error.message));
    });
    child.stdin?.on('error', () => undefined); // `close` tells more
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (!this.isReady) this.said = (this.said + text).slice(-mostSaid);
      options.onOutput(text);
    });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', line => this.take(line));
  }

  static start(options: EngineOptions): Engine {
    const { command, options: ofRuby, entry, env } = options.install;
    const child = spawn(command, [...ofRuby, entry], {
      cwd: options.home,
      // A group of its own, so that its children end with it whatever ended it.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: options.path, HOME: options.home, LANG: 'C.UTF-8', ...roomToGrow, ...env },
    });
    return new Engine(child, options);
  }

  /** Whether it lives and works for nobody. */
  get isIdle(): boolean {
    return this.gone === undefined && this.running === 0;
  }

  /** Begins a run: no profile of it runs in less than this. */
  begin(requiredJail: JailStrength): void {
    this.demanded = requiredJail;
    this.weakest = undefined;
  }

  get requiredJail(): JailStrength {
    return this.demanded;
  }

  /** What profile code of this run ran in: the weakest, if they differ. */
  get jail(): Jail | undefined {
    return this.weakest;
  }

  noteJail(jail: Jail): void {
    this.weakest = weakerJail(this.weakest, jail);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Gives an order; the promise is of the end of its process. */
  async order(order: Record<string, unknown>): Promise<{ job: number; ended: Promise<JobEnd> }> {
    await this.version;
    if (this.gone) throw this.gone;
    this.jobs += 1;
    this.running += 1;
    const job = this.jobs;
    const ended = new Promise<JobEnd>(resolve => {
      const end = (how: JobEnd) => {
        this.running -= 1;
        this.events.off('gone', lost);
        resolve(how);
      };
      const lost = () => end({ signal: 9 });
      this.events.once(`ended ${job}`, end);
      this.events.once('gone', lost);
    });
    this.tell({ ...order, job });
    return { job, ended };
  }

  cancel(job: number): void {
    this.tell({ kind: 'cancel', job });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin?.end();
    if (!this.isReady) this.kill(); // it reads nothing before it has loaded
    const kill = setTimeout(() => this.kill(), 2000);
    await this.exited;
    clearTimeout(kill);
    // A process that a profile left behind may have left the group too, and holds the pipes open.
    for (const pipe of [this.child.stdout, this.child.stderr]) if (pipe instanceof Socket) pipe.unref();
  }

  private tell(message: Record<string, unknown>): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  private take(line: string): void {
    const { data: message } = parentEvent.safeParse(parseJson(line));
    if (message?.event === 'ready') {
      this.isReady = true;
      this.events.emit('ready', {
        name: message.engine,
        version: message.version,
        ruby: message.ruby,
      } satisfies EngineVersion);
    } else if (message) this.events.emit(`ended ${message.job}`, { signal: message.signal } satisfies JobEnd);
  }

  /** Not once it is gone: its number may be somebody else's by then. Its group ended with it, see {@link lose}. */
  private kill(): void {
    if (this.gone === undefined) killGroup(this.child.pid);
  }

  private lose(how: string): void {
    if (this.gone) return;
    const why = this.isReady || this.said.trim() === '' ? '' : `, and said: ${this.said.trim()}`;
    this.gone = new ScanError('ENGINE_CRASHED', `The engine is gone: ${how}${why}`);
    killGroup(this.child.pid);
    this.events.emit('gone', this.gone);
  }
}
