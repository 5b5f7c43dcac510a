// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { finished, pipeline } from 'node:stream/promises';
import { makeRedactor, toMessage, withoutOwnSecrets } from '@cinc-scan/core';
import type { Terminal } from '../terminal.ts';

export interface ScannerRun {
  exit: number | null;
  signal: string | null;
  /** The end of standard error, without what looks like a secret. */
  stderr: string;
  /** Of the result; null if there is none. */
  sha256: string | null;
  /** Why it could not be started. */
  problem?: string | undefined;
}

interface How {
  output: string;
  terminal: Terminal;
  isCaptured: boolean;
}

const mostKept = 16_384;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs a scanner to its end; signals are handed on to it, so that it ends before we do. */
export async function runScanner(
  [program = '', ...args]: string[],
  { output, terminal, isCaptured }: How,
): Promise<ScannerRun> {
  const child = spawn(program, args, {
    cwd: terminal.cwd,
    env: withoutOwnSecrets(terminal.environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forward = signals.map(signal => ({ signal, hand: () => void child.kill(signal) }));
  for (const { signal, hand } of forward) terminal.signals.on(signal, hand);
  const tail = keepTail(child.stderr, terminal);
  const kept = isCaptured
    ? pipeline(child.stdout, createWriteStream(output))
    : finished(child.stdout.on('data', (bytes: Buffer) => terminal.stdout.write(bytes.toString('utf8'))).resume());
  try {
    const [{ exit, signal }] = await Promise.all([endOf(child), kept]);
    return { exit, signal, stderr: tail(), sha256: await digestOf(output) };
  } catch (error) {
    return { exit: null, signal: null, stderr: tail(), sha256: null, problem: toMessage(error) };
  } finally {
    for (const { signal, hand } of forward) terminal.signals.off(signal, hand);
  }
}

const endOf = (child: ChildProcess): Promise<Pick<ScannerRun, 'exit' | 'signal'>> =>
  new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (exit, signal) => done({ exit, signal }));
  });

/** Shows what is said as it comes, and keeps its end. */
function keepTail(stream: NodeJS.ReadableStream, terminal: Terminal): () => string {
  let kept = Buffer.alloc(0);
  stream.on('data', (bytes: Buffer) => {
    terminal.stderr.write(bytes.toString('utf8'));
    kept = Buffer.concat([kept, bytes]).subarray(-mostKept);
  });
  return () => makeRedactor([]).all(kept.toString('utf8'));
}

async function digestOf(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
