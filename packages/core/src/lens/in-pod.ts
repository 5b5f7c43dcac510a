// SPDX-License-Identifier: Apache-2.0
// The sidecar lens for a scanner that runs in the pod itself and cannot ask the API.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { ExecEnd } from '../cluster/index.ts';
import { isScanError, ScanError, toMessage } from '../errors/index.ts';
import { type Target, targetMarker, targetName } from '../plan/index.ts';
import { findProcess, openFromBeside } from './beside.ts';
import type { LensRequest, OpenTarget } from './open-target.ts';
import type { ProcessRef } from './process-ref.ts';
import type { ExecPlace } from './shell.ts';
import type { ShellStream } from './shell-entry.ts';

/** The container we are in. */
const open = (command: string[]) => Promise.resolve(new LocalStream(command));
const here: ExecPlace = { open, toEnd: { open } };

const byMarker = ({ container }: Target): string[] => ['--marker', `${targetMarker}=${container}`];

/** Looks into another container of our own pod, found by the variable that the injection put there. */
export async function openInPod(target: Target, request: Omit<LensRequest, 'allowDebug'>): Promise<OpenTarget> {
  const find = byMarker(target);
  const first = await findProcess(here, target, find);
  return openFromBeside(
    {
      lens: 'sidecar',
      place: here,
      target,
      find,
      verify: () => verifySame(target, first),
      closing: () => Promise.resolve(),
      leftBehind: undefined,
    },
    { ...request, allowDebug: () => Promise.resolve() },
  );
}

/** What can be known of a container without the API: its id, from the control group of its process. */
export async function containerIdInPod(target: Target): Promise<string> {
  const { pid } = await findProcess(here, target, byMarker(target));
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return /[0-9a-f]{64}/.exec(text)?.[0] ?? '';
}

async function verifySame(target: Target, first: ProcessRef): Promise<void> {
  const changed = (cause?: unknown) =>
    new ScanError('TARGET_CHANGED', `Container ${targetName(target)} was restarted during the scan`, { cause });
  let now: ProcessRef;
  try {
    now = await findProcess(here, target, byMarker(target));
  } catch (error) {
    throw isScanError(error) && error.code === 'LENS_UNAVAILABLE' ? changed(error) : error;
  }
  if (now.pid !== first.pid || now.startTime !== first.startTime) throw changed();
}

// A process that has ended, with something it started still holding its pipes.
const pipesMs = 500;

/** A process of our own container, used like a stream into another. */
class LocalStream implements ShellStream {
  readonly ended: Promise<ExecEnd>;
  onStdout: (bytes: Buffer) => void = () => undefined;
  onStderr: (bytes: Buffer) => void = () => undefined;
  private readonly child: ChildProcess;

  constructor([program = '', ...args]: string[]) {
    this.child = spawn(program, args, { env: {}, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const { stdin, stdout, stderr } = this.child;
    stdin?.on('error', () => undefined); // `ended` tells more
    stdout?.on('data', (bytes: Buffer) => this.onStdout(bytes));
    stderr?.on('data', (bytes: Buffer) => this.onStderr(bytes));
    this.ended = new Promise(resolve => {
      this.child.once('error', error => resolve(toNotStarted(error)));
      this.child.once('close', (code, signal) => resolve(toEnd(code, signal)));
      this.child.once('exit', (code, signal) => {
        setTimeout(() => {
          resolve(toEnd(code, signal));
          stdout?.destroy();
          stderr?.destroy();
        }, pipesMs);
      });
    });
  }

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.stdin?.write(bytes, error =>
        error
          ? reject(new ScanError('TARGET_LOST', `The shell takes no input: ${toMessage(error)}`, { cause: error }))
          : resolve(),
      );
    });
  }

  /** The helper ends all that it started when it is asked to end, which a killed one could not. */
  async close(graceMs = 1000): Promise<void> {
    this.child.stdin?.end();
    const ask = setTimeout(() => this.child.kill('SIGTERM'), graceMs);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), graceMs + 5000);
    await this.ended;
    clearTimeout(ask);
    clearTimeout(kill);
  }
}

const toNotStarted = (error: Error): ExecEnd => ({
  kind: 'not-started',
  missing: 'code' in error && error.code === 'ENOENT',
  message: toMessage(error),
});

const toEnd = (code: number | null, signal: NodeJS.Signals | null): ExecEnd =>
  code === null ? { kind: 'lost', message: `ended by ${signal ?? 'a signal'}` } : { kind: 'exited', code };
