// SPDX-License-Identifier: Apache-2.0
import { type SpawnOptions, spawn } from 'node:child_process';

/** Which Debian package brings a tool that a plain system may lack. */
const packages: Record<string, string> = {
  busybox: 'busybox-static',
  catatonit: 'catatonit',
  cp: 'coreutils',
  flock: 'util-linux',
  mmdebstrap: 'mmdebstrap',
  mount: 'mount',
  runc: 'runc',
  tar: 'tar',
  umount: 'mount',
};

export class ToolMissing extends Error {
  override name = 'ToolMissing';
  constructor(tool: string) {
    super(`"${tool}" is not installed: install the Debian package "${packages[tool] ?? tool}"`);
  }
}

export class ToolFailed extends Error {
  override name = 'ToolFailed';
}

/** The code of a system error. Not by `instanceof`: an error of another realm, as in a test runner, is not ours. */
export function errorCode(error: unknown): string | undefined {
  const known = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof known === 'string' ? known : undefined;
}

export function isMissingFile(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** A child whose `spawn` has happened; a tool that is not there is reported by the package that has it. */
export async function spawnTool(tool: string, args: string[], options: SpawnOptions) {
  const child = spawn(tool, args, options);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', error => reject(isMissingFile(error) ? new ToolMissing(tool) : error));
  });
  return child;
}

/** Runs a tool to its end and returns its standard output. */
export async function runTool(tool: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const child = await spawnTool(tool, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>(resolve => child.once('close', resolve));
  if (code === 0) {
    return Buffer.concat(out).toString();
  }
  const lastWords = Buffer.concat(err).toString().trim().split('\n').slice(-8).join('\n');
  throw new ToolFailed(`${tool} ${args.join(' ')} ended with ${code ?? 'a signal'}: ${lastWords}`);
}
