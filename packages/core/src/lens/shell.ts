// SPDX-License-Identifier: Apache-2.0
import { type Cluster, type ExecEnd, type ExecTarget, openExec } from '../cluster/index.ts';
import type { ShellEntry, ShellStream } from './session.ts';

/** A container that commands are started in. */
export interface Place {
  open(command: string[]): Promise<ShellStream>;
}

/** A container of the cluster. */
export function execPlace(scanner: Cluster, where: ExecTarget): Place {
  return { open: command => openExec(scanner, where, command) };
}

export interface ShellOptions {
  place: Place;
  /** Of the target, for messages. */
  name: string;
  /** Gives a POSIX shell with the target's view that reads its script from standard input. */
  command: string[];
  /** Starts a shell of the same container, for ending what does not end. */
  killShell: string[];
  verify: () => Promise<void>;
  prelude?: string | undefined;
  translate?: ((command: string) => string) | undefined;
}

/** A shell that a session can open, and open again. */
export function toShellEntry({ place, command, killShell, ...entry }: ShellOptions): ShellEntry {
  return {
    ...entry,
    open: () => place.open(command),
    async kill(pid) {
      // The runtime makes an exec'd process the leader of its own session, so the group is all that it started.
      await runOnce(place, [...killShell, '-c', `kill -9 -${pid} 2>/dev/null || kill -9 ${pid}`]);
    },
  };
}

export interface Once {
  end: ExecEnd;
  stdout: string;
  stderr: string;
}

const onceMs = 15_000;
const onceBytes = 65_536;

/** Runs one short command by a stream of its own, outside any session. */
export async function runOnce(place: Place, command: string[]): Promise<Once> {
  const { end, bytes, stderr } = await fetchBytes(place, command, { limit: onceBytes, timeoutMs: onceMs });
  return { end, stdout: bytes.toString('utf8'), stderr };
}

export interface Fetched {
  end: ExecEnd;
  bytes: Buffer;
  stderr: string;
}

/** What a command writes to its standard output, byte by byte, up to the limit. */
export async function fetchBytes(
  place: Place,
  command: string[],
  { limit, timeoutMs }: { limit: number; timeoutMs: number },
): Promise<Fetched> {
  const stream = await place.open(command);
  const [stdout, stderr] = [new Gathered(limit), new Gathered(onceBytes)];
  stream.onStdout = bytes => stdout.take(bytes);
  stream.onStderr = bytes => stderr.take(bytes);
  const timer = setTimeout(() => void stream.close(0), timeoutMs);
  const end = await stream.ended;
  clearTimeout(timer);
  return { end, bytes: stdout.all(), stderr: stderr.all().toString('utf8') };
}

class Gathered {
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
