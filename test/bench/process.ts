// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

export interface Timed {
  /** Milliseconds since the epoch. */
  started: number;
  /** Seconds. */
  wall: number;
  /** User and system seconds of the process and all that it waited for. */
  cpu: number;
  code: number;
  stdout: string;
  stderr: string;
}

export interface Command {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
}

// Bash, since Node does not tell what a child and its children used.
const script = `TIMEFORMAT='%R %U %S'; { time "$@" 2>&4 4>&-; } 4>&2 2>&3`;
const running = new Set<ChildProcess>();
let ending = false;

/** Somebody asked for the end; whatever lives is disposed of on the way out. */
export class Interrupted extends Error {
  override name = 'Interrupted';
}

/** To be asked between one measurement and the next. */
export function goOn(): void {
  if (ending) throw new Interrupted('interrupted');
}

/** Runs a command to its end, and says what it took. */
export async function timed(command: Command, onStart: (pid: number) => void = () => undefined): Promise<Timed> {
  goOn();
  const started = Date.now();
  const child = spawn('bash', ['-c', script, 'bash', ...command.argv], {
    cwd: command.cwd,
    env: command.env,
    // A group of its own, so that all of it can be ended at once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const [, stdout, stderr, times] = child.stdio;
  const texts = [stdout, stderr, times].map(stream => gather(stream));
  if (child.pid !== undefined) onStart(child.pid);
  await once(child, 'close');
  running.delete(child);
  goOn();
  const [out = '', error = '', time = ''] = texts.map(text => text());
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = time.trim().split(' ').map(Number);
  return { started, wall, cpu: user + system, code: child.exitCode ?? 1, stdout: out, stderr: error };
}

function gather(stream: ChildProcess['stdio'][number] | undefined): () => string {
  let text = '';
  if (stream && 'setEncoding' in stream) {
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => {
      text += part;
    });
  }
  return () => text;
}

/** Like `timed`, for a command that has to end with one of these codes. */
export async function timedOk(command: Command, codes: number[]): Promise<Timed> {
  const result = await timed(command);
  if (codes.includes(result.code)) return result;
  throw new Error(`${command.argv.join(' ')} ended with ${result.code}:\n${result.stderr.slice(-4000)}`);
}

/** Asks everything that still runs to end, and starts nothing more. */
export function endAll(): void {
  ending = true;
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGTERM');
}

/** Runs a command and gives the most memory that its processes held together, in bytes: shared pages count once. */
export async function peakMemory(command: Command): Promise<number> {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  const { code, stderr } = await timed(command, pid => {
    timer = setInterval(() => {
      peak = Math.max(peak, treeMemory(pid));
    }, 20);
  });
  clearInterval(timer);
  if (code !== 0 && code !== 3) throw new Error(`${command.argv.join(' ')} ended with ${code}:\n${stderr}`);
  return peak;
}

function treeMemory(root: number): number {
  const parents = new Map(processes().map(pid => [pid, parentOf(pid)]));
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === root || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
}

const processes = () =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);

function parentOf(pid: number): number | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[1] === undefined ? undefined : Number(fields[1]);
}

function proportionalBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}
