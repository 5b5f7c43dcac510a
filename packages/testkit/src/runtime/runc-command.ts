// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { isMissingFile, spawnTool } from '../images/command.ts';
import type { Ended } from './runtime.ts';
import type { OciProcess } from './spec.ts';

export interface RuncRequest {
  stateDir: string;
  command: 'run' | 'exec';
  /** What follows the options that every call has. */
  args: string[];
  stdio: ('ignore' | 'pipe' | number)[];
  /** For exec: what to start. */
  process?: OciProcess;
}

/** A runc that stays in front of the process it started, hands its bytes on and ends with its exit code. */
export interface RuncChild {
  child: ChildProcess;
  stdout: Readable;
  stderr: Readable;
  pid: number;
  ended: Promise<Omit<Ended, 'oomKilled'>>;
}

export type RuncResult = { kind: 'started'; runc: RuncChild } | { kind: 'refused'; message: string };

export const runcRoot = (stateDir: string): string => join(stateDir, 'runc');

/** Starts runc and waits until it either wrote the pid of the started process or gave up. */
export async function startRunc(request: RuncRequest): Promise<RuncResult> {
  const job = join(request.stateDir, 'jobs', randomUUID());
  await mkdir(job, { recursive: true });
  const log = join(job, 'log');
  const pidFile = join(job, 'pid');
  const written = watchFor(job, 'pid');
  const global = ['--root', runcRoot(request.stateDir), '--log', log, '--log-format', 'json'];
  try {
    const args = [
      ...global,
      request.command,
      '--pid-file',
      pidFile,
      ...(await writeProcess(job, request)),
      ...request.args,
    ];
    const child = await spawnTool('runc', args, { stdio: request.stdio });
    const [stdout, stderr] = [keep(child.stdout), keep(child.stderr)];
    const ended = once(child, 'exit').then(([code, signal]: unknown[]) => toEnded(code, signal));
    await Promise.race([written.seen, ended]);
    const pid = await readPid(pidFile);
    if (pid !== undefined) {
      return { kind: 'started', runc: { child, stdout, stderr, pid, ended } };
    }
    await ended;
    return { kind: 'refused', message: lastError(await readFile(log, 'utf8').catch(() => '')) };
  } finally {
    written.close();
    await rm(job, { recursive: true, force: true });
  }
}

async function writeProcess(job: string, request: RuncRequest): Promise<string[]> {
  if (request.process === undefined) {
    return [];
  }
  const file = join(job, 'process.json');
  await writeFile(file, JSON.stringify(request.process));
  return ['--process', file];
}

/** Node throws away what nobody has begun to read when a child ends: begin at once. */
function keep(stream: Readable | null): Readable {
  return stream === null ? Readable.from([]) : stream.pipe(new PassThrough());
}

function watchFor(folder: string, name: string) {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const watcher = watch(folder, (_, file) => {
    if (file === name) {
      resolve();
    }
  });
  return { seen, close: () => watcher.close() };
}

async function readPid(file: string): Promise<number | undefined> {
  try {
    return Number(await readFile(file, 'utf8'));
  } catch (error) {
    if (isMissingFile(error)) {
      return undefined;
    }
    throw error;
  }
}

/** runc reports the death of its process by a signal as 128 + the signal's number. */
function toEnded(code: unknown, signal: unknown): Omit<Ended, 'oomKilled'> {
  const exitCode = typeof code === 'number' ? code : signal === 'SIGTERM' ? 143 : 137;
  return { exitCode, signal: exitCode > 128 && exitCode <= 192 ? exitCode - 128 : undefined };
}

function lastError(log: string): string {
  const messages = log.split('\n').flatMap(readMessage);
  return messages.at(-1) ?? 'runc ended without a word';
}

function readMessage(line: string): string[] {
  if (line === '') {
    return [];
  }
  const entry: unknown = JSON.parse(line);
  const isError = typeof entry === 'object' && entry !== null && 'level' in entry && entry.level === 'error';
  return isError && 'msg' in entry && typeof entry.msg === 'string' ? [entry.msg] : [];
}
