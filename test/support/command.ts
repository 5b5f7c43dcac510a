// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli } from 'cinc-scan';
import { compiled } from './caches.ts';
import { program } from './cinc-scan.ts';

export interface CommandTranscript {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const gateFixtures = fileURLToPath(new URL('../../packages/core/fixtures/gate/', import.meta.url));

/** A folder that goes with the test. */
export function temporaryFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'cinc-scan-test-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
}

const into = (take: (text: string) => void) => ({
  write(text: string, done?: () => void) {
    take(text);
    done?.();
  },
});

/** Scans and reports leave their outputs where they run, also those that are refused. */
const placeFor = ([name]: string[]) =>
  name === 'scan' || name === 'report' ? mkdtempSync(join(tmpdir(), 'cinc-scan-test-')) : gateFixtures;

/** The command line in this process, for many cases in little time. Paths are absolute: the folder stays the test's. */
export async function commandHere(args: string[], { cwd = placeFor(args), env = {} }: CommandOptions = {}) {
  const transcript: CommandTranscript = { code: null, stdout: '', stderr: '' };
  transcript.code = await runCli(args, {
    environment: { HOME: tmpdir(), ...env },
    cwd,
    stdout: into(text => (transcript.stdout += text)),
    stderr: into(text => (transcript.stderr += text)),
    signals: new EventEmitter(),
  });
  return transcript;
}

/** The command line as a user starts it. */
export function startCommand(args: string[], { cwd = placeFor(args), env = {} }: CommandOptions = {}) {
  const [node, script] = program;
  const child = spawn(node, [script, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...compiled, ...env },
  });
  const transcript: CommandTranscript = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (transcript.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (transcript.stderr += text));
  const ended = once(child, 'close').then(() => ({ ...transcript, code: child.exitCode }));
  return { child, transcript, ended };
}

export const command = (args: string[], options: CommandOptions = {}): Promise<CommandTranscript> =>
  startCommand(args, options).ended;
