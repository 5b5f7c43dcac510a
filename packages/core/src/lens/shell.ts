// SPDX-License-Identifier: Apache-2.0
import { type Cluster, type ExecEnd, type ExecTarget, openExec } from '../cluster/index.ts';
import type { ShellEntry, ShellStream } from './shell-entry.ts';

export interface Opener {
  open(command: string[]): Promise<ShellStream>;
}

/** A container that commands are started in. */
export interface ExecPlace extends Opener {
  /** For what ends something that was started there: also after the run was cancelled, and with little patience. */
  toEnd: Opener;
}

const endingMs = 10_000;

/** A container of the cluster. */
export function execPlace(scanner: Cluster, where: ExecTarget): ExecPlace {
  const open = (cluster: Cluster) => (command: string[]) => openExec(cluster, where, command);
  const patient = () => scanner.withoutCancel().until(AbortSignal.timeout(endingMs));
  return { open: open(scanner), toEnd: { open: command => open(patient())(command) } };
}

export interface ShellOptions {
  place: ExecPlace;
  /** Of the target, for messages. */
  name: string;
  /** Gives a POSIX shell with the target's view that reads its script from standard input. */
  command: string[];
  /** The words that start that shell again within it. */
  shell: readonly string[];
  /** Starts a shell of the same container, for ending what does not end. */
  killShell: string[];
  verify: () => Promise<void>;
  prelude?: string | undefined;
  translate?: ((command: string) => string) | undefined;
  mark?: string | undefined;
}

/** A shell that a session can open, and open again. */
export function toShellEntry({ place, command, killShell, ...entry }: ShellOptions): ShellEntry {
  return {
    ...entry,
    open: () => place.open(command),
    async kill(pid) {
      await runOnce(place.toEnd, [...killShell, '-c', killOf(pid)]);
    },
  };
}

/** For a shell that is busy. Stopped first: once its command is killed it would go on to an answer. */
export const killOf = (pid: number) => `kill -STOP -${pid} 2>/dev/null || kill -STOP ${pid}; ${endOf(String(pid))}`;

/**
 * A command that ends a shell with all that it started. The runtime makes an exec'd process the leader of its own
 * session, so that is its group, and what left the group (`setsid`) but still holds the output of the shell: a pipe, which
 * nobody else has. A device is everybody's; half of a container's daemons write to /dev/null, and so does a shell itself
 * while it redirects a loop of its own.
 */
export function endOf(shell: string): string {
  const holds = (fd: number) => `{ [ ! -c "/proc/$s/fd/${fd}" ] && [ "$p/fd/${fd}" -ef "/proc/$s/fd/${fd}" ]; }`;
  return [
    `s=${shell}`,
    `for p in /proc/[0-9]*; do [ "$p" = "/proc/$s" ] || { { ${holds(1)} || ${holds(2)}; } && kill -9 "\${p#/proc/}" 2>/dev/null; }; done`,
    'kill -9 -"$s" 2>/dev/null || kill -9 "$s"',
  ].join('; ');
}

export interface Once {
  end: ExecEnd;
  stdout: string;
  stderr: string;
}

const onceMs = 15_000;
const onceBytes = 65_536;

/** Runs one short command by a stream of its own, outside any session. */
export async function runOnce(place: Opener, command: string[]): Promise<Once> {
  const { end, bytes, stderr } = await fetchBytes(place, command, { limit: onceBytes, timeoutMs: onceMs });
  return { end, stdout: bytes.toString('utf8'), stderr };
}

export interface ShellOutput {
  end: ExecEnd;
  bytes: Buffer;
  stderr: string;
}

/** What a command writes to its standard output, byte by byte, up to the limit. */
export async function fetchBytes(
  place: Opener,
  command: string[],
  { limit, timeoutMs }: { limit: number; timeoutMs: number },
): Promise<ShellOutput> {
  const stream = await place.open(command);
  const [stdout, stderr] = [new BoundedBytes(limit), new BoundedBytes(onceBytes)];
  stream.onStdout = bytes => stdout.take(bytes);
  stream.onStderr = bytes => stderr.take(bytes);
  const timer = setTimeout(() => void stream.close(0), timeoutMs);
  const end = await stream.ended;
  clearTimeout(timer);
  return { end, bytes: stdout.all(), stderr: stderr.all().toString('utf8') };
}

class BoundedBytes {
  private readonly parts: Buffer[] = [];
  private left: number;

  constructor(limit: number) {
    this.left = limit;
  }

  take(bytes: Buffer): void {
    const part = bytes.subarray(0, this.left);
    this.left -= part.length;
    if (part.length > 0) this.parts.push(part);
  }

  all(): Buffer {
    return Buffer.concat(this.parts);
  }
}
