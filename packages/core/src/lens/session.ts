// SPDX-License-Identifier: Apache-2.0
import type { ExecEnd, ExecStream } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Answer, AnswerReader, FrameMismatch, makeNonce, requestLine } from './framing.ts';
import type { Meter } from './meter.ts';

/** What a session needs of a running shell: bytes in, bytes out on two channels, one end. */
export type ShellStream = Pick<ExecStream, 'ended' | 'onStdout' | 'onStderr' | 'write' | 'close'>;

/** How a shell with the target's view is opened, and what is known of it from outside. */
export interface ShellEntry {
  /** For messages: `namespace/pod/container`. */
  name: string;
  open(): Promise<ShellStream>;
  /** Ends the process group of a shell whose command does not end; best effort, by a stream of its own. */
  kill(pid: number): Promise<void>;
  /** Throws TARGET_CHANGED if the container is no longer the one that was planned. */
  verify(): Promise<void>;
  /** What a new shell has to know first: definitions, without output. */
  prelude?: string | undefined;
  /** What a command has to say in this shell in order to mean the target. */
  translate?: ((command: string) => string) | undefined;
}

export interface RunOptions {
  timeoutMs: number;
  /** Bytes kept of each channel. */
  limit: number;
  /** Whether asking twice does no harm: then a lost stream is reopened once. */
  repeatable: boolean;
}

export const defaultRun: RunOptions = { timeoutMs: 60_000, limit: 16 * 1024 * 1024, repeatable: false };

/** A command that did not end in time. The target is still there: the next command gets a new shell. */
export class CommandTimeout extends Error {
  override name = 'CommandTimeout';
}

interface Shell {
  stream: ShellStream;
  pid: number;
}

/** One shell in the target, answering one command at a time over one stream. */
export class Session implements AsyncDisposable {
  private readonly entry: ShellEntry;
  private readonly meter: Meter;
  private shell: Shell | undefined;
  private instance: string | undefined;
  private broken: ScanError | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(entry: ShellEntry, meter: Meter) {
    this.entry = entry;
    this.meter = meter;
  }

  static async open(entry: ShellEntry, meter: Meter): Promise<Session> {
    const session = new Session(entry, meter);
    session.shell = await session.start();
    return session;
  }

  /** Runs a command. Throws CommandTimeout for one that does not end, a ScanError once the target is lost. */
  run(command: string, options: Partial<RunOptions> = {}): Promise<Answer> {
    const turn = this.last.then(() => this.attempt(command, { ...defaultRun, ...options }));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Whether and why the target is lost: then nothing that was reported meanwhile counts. */
  get lost(): ScanError | undefined {
    return this.broken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { shell } = this;
    this.shell = undefined;
    this.broken ??= new ScanError('TARGET_LOST', `The session into ${this.entry.name} was closed`);
    if (shell === undefined) return;
    await shell.stream.write(Buffer.from('exit\n')).catch(() => undefined);
    await shell.stream.close();
  }

  private async attempt(command: string, options: RunOptions): Promise<Answer> {
    if (this.broken) throw this.broken;
    try {
      return await this.exchange(command, options);
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
      if (!options.repeatable) throw await this.lose(error);
    }
    this.meter.retries += 1;
    try {
      return await this.exchange(command, options);
    } catch (error) {
      throw error instanceof StreamEnded ? await this.lose(error) : error;
    }
  }

  private async exchange(command: string, options: RunOptions): Promise<Answer> {
    this.shell ??= await this.reopen();
    const { stream, pid } = this.shell;
    try {
      const answer = await ask(stream, this.entry.translate?.(command) ?? command, options);
      this.meter.count(command, answer.status);
      this.meter.bytes += answer.stdout.length + answer.stderr.length;
      if (answer.truncated) this.meter.truncated += 1;
      return answer;
    } catch (error) {
      this.shell = undefined;
      if (error instanceof CommandTimeout) await this.abandon(stream, pid);
      else await stream.close(0);
      if (error instanceof FrameMismatch) throw this.corrupt(error);
      throw error;
    }
  }

  /** Closing a stream does not end what runs in the container; a process left behind would go on looking, or hanging. */
  private async abandon(stream: ShellStream, pid: number): Promise<void> {
    await this.entry.kill(pid).catch(() => undefined);
    await stream.close(0);
  }

  private corrupt(cause: FrameMismatch): ScanError {
    this.broken = new ScanError(
      'TARGET_CORRUPT',
      `${this.entry.name} answered outside the protocol: ${cause.message}`,
      { cause },
    );
    return this.broken;
  }

  private async start(): Promise<Shell> {
    const stream = await this.entry.open();
    try {
      if (this.entry.prelude !== undefined)
        await stream.write(Buffer.from(`${this.entry.prelude}\n`)).catch(() => undefined); // the next line's end tells
      const { pid, instance } = parseHello(await ask(stream, hello, { ...defaultRun, limit: 4096, timeoutMs: 20_000 }));
      if (this.instance !== undefined && instance !== this.instance)
        throw new ScanError('TARGET_CHANGED', `${this.entry.name} was restarted during the scan`);
      this.instance = instance;
      return { stream, pid };
    } catch (error) {
      await stream.close(0);
      throw this.toOpenError(error);
    }
  }

  private toOpenError(error: unknown): unknown {
    if (error instanceof StreamEnded)
      return error.end.kind === 'not-started'
        ? new ScanError(
            error.end.missing ? 'SHELL_MISSING' : 'LENS_UNAVAILABLE',
            `No shell could be started in ${this.entry.name}: ${error.end.message}`,
          )
        : new ScanError('TARGET_LOST', `The stream into ${this.entry.name} ended at once: ${endText(error.end)}`);
    if (error instanceof CommandTimeout)
      return new ScanError('TARGET_TIMEOUT', `The shell in ${this.entry.name} does not answer`, { cause: error });
    if (error instanceof FrameMismatch) return this.corrupt(error);
    return error;
  }

  private async reopen(): Promise<Shell> {
    try {
      await this.entry.verify();
      return await this.start();
    } catch (error) {
      if (isScanError(error)) this.broken = error;
      throw error;
    }
  }

  /** The stream ended unasked: whatever it says, nobody answered. A clean end with 137 is a killed container. */
  private async lose({ end }: StreamEnded): Promise<ScanError> {
    const lost = new ScanError(
      'TARGET_LOST',
      `The stream into ${this.entry.name} ended before the audit was complete: ${endText(end)}`,
    );
    try {
      await this.entry.verify();
      this.broken = lost;
    } catch (error) {
      this.broken = isScanError(error) && error.code === 'TARGET_CHANGED' ? error : lost;
    }
    return this.broken;
  }
}

// The start time of PID 1 tells one instance of a container from the next, sooner than the API does.
const hello = `read -r stat </proc/1/stat; printf '%s\\n%s' "$$" "$stat"`;

function parseHello(answer: Answer): { pid: number; instance: string } {
  const [pid = '', stat = ''] = answer.stdout.toString('latin1').split('\n');
  if (!/^\d+$/.test(pid)) throw new FrameMismatch('no process id from the shell');
  return { pid: Number(pid), instance: stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '' };
}

class StreamEnded extends Error {
  readonly end: ExecEnd;

  constructor(end: ExecEnd) {
    super(endText(end));
    this.end = end;
  }
}

function endText(end: ExecEnd): string {
  return end.kind === 'exited' ? `the shell exited with ${end.code}` : end.message;
}

/** One request and its answer on a stream. */
async function ask(stream: ShellStream, command: string, { timeoutMs, limit }: RunOptions): Promise<Answer> {
  const nonce = makeNonce();
  const reader = new AnswerReader(nonce, limit);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const take = (feed: (bytes: Buffer) => void) => (bytes: Buffer) => {
        try {
          feed(bytes);
        } catch (error) {
          reject(error instanceof Error ? error : new FrameMismatch(String(error)));
        }
        const answer = reader.answer();
        if (answer) resolve(answer);
      };
      stream.onStdout = take(bytes => reader.takeStdout(bytes));
      stream.onStderr = take(bytes => reader.takeStderr(bytes));
      timer = setTimeout(() => reject(new CommandTimeout(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
      void stream.ended.then(end => reject(new StreamEnded(end)));
      stream.write(Buffer.from(requestLine(command, nonce))).catch(() => undefined); // `ended` tells why
    });
  } finally {
    clearTimeout(timer);
    stream.onStdout = stream.onStderr = () => undefined;
  }
}
