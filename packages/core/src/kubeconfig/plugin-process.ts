// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { ScanError, toMessage } from '../errors/index.ts';

export interface PluginCommand {
  /** A name for PATH, or a full path. */
  command: string;
  args: string[];
  environment: Record<string, string>;
  /** A person sits at the terminal, and the plugin may ask them. */
  interactive: boolean;
  /** Told to somebody who does not have it. */
  installHint: string | undefined;
}

export interface PluginWatch {
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** Lines of standard error, as they come. */
  onLine: (line: string) => void;
}

const mostOutput = 1_048_576;
const graceMs = 2000;

/** What a plugin prints. It ends with the time it has, with the run, and with everything it started. */
export async function runProcess(plugin: PluginCommand, { timeoutMs, signal, onLine }: PluginWatch): Promise<string> {
  signal?.throwIfAborted();
  const late = AbortSignal.timeout(timeoutMs);
  const ending = AbortSignal.any([late, ...(signal ? [signal] : [])]);
  const child = start(plugin);
  const kill = () => end(child, plugin.interactive);
  ending.addEventListener('abort', kill, { once: true });
  try {
    const { code, output } = await outputOf(child, onLine);
    signal?.throwIfAborted();
    if (late.aborted) throw failed(`did not end within ${timeoutMs / 1000} s`, plugin);
    if (code !== 0) throw failed(`ended with ${code ?? 'a signal'}`, plugin);
    return output;
  } catch (error) {
    throw isMissing(error) ? missing(plugin, error) : error;
  } finally {
    ending.removeEventListener('abort', kill);
  }
}

// In a group of its own it can be ended with its children; at a terminal it would lose the keyboard by that.
function start({ command, args, environment, interactive }: PluginCommand): ChildProcess {
  return spawn(command, args, {
    env: environment,
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    detached: !interactive,
  });
}

function end(child: ChildProcess, interactive: boolean): void {
  const { pid } = child;
  if (pid === undefined) return;
  send(child, interactive, 'SIGTERM');
  const force = setTimeout(() => send(child, interactive, 'SIGKILL'), graceMs);
  child.once('close', () => {
    clearTimeout(force);
    send(child, interactive, 'SIGKILL'); // what it started and left
  });
}

function send(child: ChildProcess, interactive: boolean, signal: NodeJS.Signals): void {
  if (interactive || child.pid === undefined) {
    child.kill(signal);
    return;
  }
  try {
    // oxlint-disable-next-line no-restricted-globals -- the group of the plugin that was started above
    process.kill(-child.pid, signal);
  } catch {
    // there is nobody left in it
  }
}

function outputOf(
  child: ChildProcess,
  onLine: (line: string) => void,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    let output = '';
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > mostOutput) child.kill('SIGKILL');
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = (lines.pop() ?? '').slice(-10_000);
      lines.forEach(onLine);
    });
    child.once('error', reject);
    // Not `close`: a helper that it left running in the background keeps the pipes open.
    child.once('exit', code => {
      setImmediate(() => {
        if (rest !== '') onLine(rest);
        resolve({ code, output });
      });
    });
  });
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

const failed = (how: string, { command, installHint }: PluginCommand): ScanError =>
  new ScanError(
    'CLUSTER_UNAUTHORIZED',
    `The credential plugin ${command} of the kubeconfig ${how}`,
    installHint === undefined ? {} : { remedy: installHint },
  );

const missing = (plugin: PluginCommand, cause: unknown): ScanError =>
  new ScanError(
    'CLUSTER_UNAUTHORIZED',
    `The credential plugin ${plugin.command} of the kubeconfig is not on this machine: ${toMessage(cause)}`,
    { cause, remedy: plugin.installHint ?? 'Install it, or give the kubeconfig another user.' },
  );
