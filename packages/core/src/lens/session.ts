// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Asked, ask, askInTurn, CommandTimeout, endText, givenUp, StreamEnded } from './asking.ts';
import { type CommandAnswer, FrameMismatch, inOwnShell, inSession, preludeVariable, quote } from './framing.ts';
import type { Meter } from './meter.ts';
import { CommandRefused, refusalIn } from './refusal.ts';
import { endOf } from './shell.ts';
import type { ShellEntry, ShellStream } from './shell-entry.ts';

export interface RunOptions {
  timeoutMs: number;
  /** Bytes kept of each channel. */
  limit: number;
  /** Whether asking twice does no harm: then a lost stream is reopened once. */
  repeatable: boolean;
  /** Whether the command gets a shell process of its own, as those of a profile do. */
  ownShell: boolean;
  /** Gives the command up: it is ended, as one that takes too long. */
  signal: AbortSignal | undefined;
  /**
   * A script that goes with the command and runs when it has ended: no trip of its own. Its answer is told here, and nothing
   * if there is none; the command's own does not wait for it.
   */
  behind: { script: string; tell: (answer: CommandAnswer | undefined) => void } | undefined;
}

export const defaultRun: RunOptions = {
  timeoutMs: 60_000,
  limit: 16 * 1024 * 1024,
  repeatable: false,
  ownShell: false,
  signal: undefined,
  behind: undefined,
};

// An argument of a program may have 128 KiB (MAX_ARG_STRLEN of Linux); a quote within it takes four.
const longestArgument = 100_000;

interface Shell {
  stream: ShellStream;
  pid: number;
  /** Whether a command runs in it. */
  busy: boolean;
  /** Whether it can start another of its kind. */
  canRepeat: boolean;
}

/** One shell in the target, answering one command at a time over one stream. */
export class Session implements AsyncDisposable {
  private readonly entry: ShellEntry;
  private readonly meter: Meter;
  private shell: Shell | undefined;
  private instance: string | undefined;
  private broken: ScanError | undefined;
  private last: Promise<unknown> = Promise.resolve();
  /** What still runs behind the last command. */
  private behind: Promise<void> | undefined;
  private abandoned: Promise<void> = Promise.resolve();

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
  run(command: string, options: Partial<RunOptions> = {}): Promise<CommandAnswer> {
    const asked = { ...defaultRun, ...options };
    const turn = this.last.then(() => this.attempt(command, asked));
    this.last = turn.then(
      () => this.behind,
      () => {
        asked.behind?.tell(undefined);
        return this.behind;
      },
    );
    return turn;
  }

  /** Whether and why the target is lost: then nothing that was reported meanwhile counts. */
  get lost(): ScanError | undefined {
    return this.broken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await within(leaveMs, this.behind ?? Promise.resolve());
    const { shell } = this;
    this.shell = undefined;
    this.broken ??= new ScanError('TARGET_LOST', `The session into ${this.entry.name} was closed`);
    if (shell === undefined) return this.abandoned; // one that was given up a moment ago may not have ended yet
    if (shell.busy) await this.entry.kill(shell.pid).catch(() => undefined);
    else await leave(shell.stream);
    await shell.stream.close();
  }

  private async attempt(command: string, options: RunOptions): Promise<CommandAnswer> {
    if (this.broken) throw this.broken;
    if (options.signal?.aborted === true) throw new CommandTimeout(givenUp);
    try {
      return await this.exchange(command, options);
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
      const { lost } = this;
      if (lost) throw lost; // closed by its owner, in the middle
      if (!options.repeatable) throw await this.outlive(error, options);
    }
    this.meter.retries += 1;
    try {
      return await this.exchange(command, options);
    } catch (error) {
      throw error instanceof StreamEnded ? await this.lose(error) : error;
    }
  }

  /**
   * A command of a profile can end the shell that answers, as by `kill 0`. Where the same container lets another one in,
   * that cost the command and nothing else.
   */
  private async outlive(ended: StreamEnded, { ownShell }: RunOptions): Promise<Error> {
    if (!ownShell || ended.end.kind !== 'exited') return this.lose(ended);
    try {
      this.shell = await this.reopen();
      return new CommandRefused(`The command ended the shell that ran it: ${endText(ended.end)}`);
    } catch (error) {
      return isScanError(error) && error.code === 'TARGET_CHANGED' ? error : this.lose(ended);
    }
  }

  private async exchange(command: string, options: RunOptions): Promise<CommandAnswer> {
    this.shell ??= await this.reopen();
    const { shell } = this;
    const { behind } = options;
    this.behind = undefined;
    const first = { ...options, body: this.toBody(command, shell, options) };
    const second = behind && { ...defaultRun, body: inSession(behind.script) };
    const [asked, followed] = askInTurn(shell.stream, second ? [first, second] : [first]);
    const answer = await this.take(shell, asked, command);
    if (behind !== undefined && followed !== undefined)
      this.behind = this.take(shell, followed, behind.script).then(behind.tell, () => behind.tell(undefined));
    return this.requireAnswered(answer);
  }

  /** Waits for an answer; without one the shell is given up. */
  private async take(shell: Shell, asked: Asked, command: string): Promise<CommandAnswer> {
    shell.busy = true;
    try {
      const answer = await asked.answer();
      if (this.broken) throw this.broken; // closed meanwhile: what answered may have been ended by that
      this.meter.count(command, answer.status);
      this.meter.bytes += answer.stdout.length + answer.stderr.length;
      if (answer.truncated) this.meter.truncated += 1;
      return answer;
    } catch (error) {
      if (this.shell === shell) {
        this.abandoned = this.abandon(shell, error);
        await this.abandoned;
      }
      if (error instanceof FrameMismatch) throw this.corrupt(error);
      throw error;
    } finally {
      shell.busy = false;
    }
  }

  private requireAnswered(answer: CommandAnswer): CommandAnswer {
    const { mark } = this.entry;
    const refusal = mark === undefined ? undefined : refusalIn(answer.stderr, mark);
    if (refusal !== undefined) throw new CommandRefused(refusal);
    return answer;
  }

  private toBody(command: string, { canRepeat }: Shell, { ownShell }: RunOptions): string {
    const { translate, shell, prelude } = this.entry;
    const meant = translate?.(command) ?? command;
    const fits = Buffer.byteLength(meant) <= longestArgument;
    return ownShell && canRepeat && fits ? inOwnShell(shell, prelude !== undefined)(meant) : inSession(meant);
  }

  /** Closing a stream does not end what runs in the container; a process left behind would go on looking, or hanging. */
  private async abandon({ stream, pid }: Shell, error: unknown): Promise<void> {
    this.shell = undefined;
    const hasEnded = error instanceof StreamEnded && error.end.kind === 'exited';
    if (!hasEnded) await this.entry.kill(pid).catch(() => undefined);
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
      await this.teach(stream);
      const asked = inSession(
        `${hello}; ( ${inOwnShell(this.entry.shell, false)(':')} ) 2>/dev/null && printf '\\nagain'`,
      );
      const { pid, instance, canRepeat } = parseHello(
        await ask(stream, { ...defaultRun, body: asked, limit: 4096, timeoutMs: 20_000 }),
      );
      if (this.instance !== undefined && instance !== this.instance)
        throw new ScanError('TARGET_CHANGED', `${this.entry.name} was restarted during the scan`);
      this.instance = instance;
      return { stream, pid, canRepeat, busy: false };
    } catch (error) {
      await stream.close(0);
      throw this.toOpenError(error);
    }
  }

  /** What the shell has to know first. Should it not take it, the end of the next line tells. */
  private async teach(stream: ShellStream): Promise<void> {
    const { prelude } = this.entry;
    if (prelude === undefined) return;
    const line = `${preludeVariable}=${quote(prelude)}; eval "$${preludeVariable}"\n`;
    await stream.write(Buffer.from(line)).catch(() => undefined);
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
      const shell = await this.start();
      if (this.broken === undefined) return shell;
      await leave(shell.stream); // closed meanwhile
      await shell.stream.close();
      throw this.broken;
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

function parseHello(answer: CommandAnswer): { pid: number; instance: string; canRepeat: boolean } {
  const [pid = '', stat = '', again] = answer.stdout.toString('latin1').split('\n');
  if (!/^\d+$/.test(pid)) throw new FrameMismatch('no process id from the shell');
  return {
    pid: Number(pid),
    instance: stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? '',
    canRepeat: again === 'again',
  };
}

const leaveMs = 1000;

/** Lets an idle shell end itself, with what commands left running in the background. */
async function leave(stream: ShellStream): Promise<void> {
  void stream.write(Buffer.from(`${endOf('$$')}\n`)).catch(() => undefined);
  await within(leaveMs, stream.ended);
}

async function within(milliseconds: number, ended: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  const patience = pause(milliseconds, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([ended, patience]);
  enough.abort();
}
