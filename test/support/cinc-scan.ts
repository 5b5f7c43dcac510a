// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheHome, compiled } from './caches.ts';
import type { TestCluster } from './cluster.ts';
import { expectDeserved } from './law.ts';
import { watchCommand } from './taint.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const profiles = {
  firstLook: join(root, 'examples/profiles/first-look'),
  baseline: join(root, 'profiles/container-baseline'),
  files: join(root, 'test/fixtures/profiles/files'),
  system: join(root, 'test/fixtures/profiles/system'),
  slow: join(root, 'test/fixtures/profiles/slow'),
};

/** The command as it is shipped: `npm run build:command` made it of the sources. */
export const program: [string, string] = [process.execPath, join(root, 'packages/cli/bin/cinc-scan.js')];

export interface Transcript {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Working folder of the process; reports lie below it. */
  cwd: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** A running command. */
export interface Running {
  child: ChildProcess;
  cwd: string;
  /** Resolves with the first line of standard error that matches; fails if the process ends before. */
  line(pattern: RegExp): Promise<string>;
  ended: Promise<Transcript>;
}

/** Starts the command line as a user would, in a folder of its own. */
export const startCincScan = (
  cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>,
  args: string[],
  options: RunOptions = {},
): Running => startProgram(cluster, [...program, ...args], options);

/** Starts what starts the command line. */
export function startProgram(
  cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>,
  words: string[],
  { env = {}, cwd }: RunOptions = {},
): Running {
  const [first = '', ...others] = words;
  const args = words.slice(words.indexOf(program[1]) + 1);
  const folder = cwd ?? mkdtempSync(join(cluster.folder, 'w-'));
  const start = () =>
    spawn(first, others, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environmentOf(cluster, env),
    });
  const { child, finish } = watchCommand({ start, folder: cluster.folder, cwd: folder, args, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(() => {
    finish({ stdout, stderr });
    if (child.exitCode === 0) expectDeserved(args, folder);
    return { code: child.exitCode, signal: child.signalCode, stdout, stderr, cwd: folder };
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = stderr.split('\n').find(each => pattern.test(each));
        if (found !== undefined) resolve(found);
      };
      child.stderr.on('data', look);
      void ended.then(() => reject(new Error(`ended without ${pattern}:\n${stderr}`)));
      look();
    });
  return { child, cwd: folder, line, ended };
}

export function cincScan(
  cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>,
  args: string[],
  options: RunOptions = {},
): Promise<Transcript> {
  return startCincScan(cluster, args, options).ended;
}

/** Little more than nothing, so that a test sees what it gave and nothing of the machine. */
function environmentOf(
  cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>,
  env: Record<string, string>,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: cluster.folder,
    TMPDIR: cluster.folder,
    XDG_CACHE_HOME: cacheHome,
    ...compiled,
    KUBECONFIG: cluster.kubeconfigPath,
    ...env,
  };
}

export interface ScanJson {
  reports: { format: string; path: string }[];
  exitCode: number;
  state: string;
  targets: {
    name: string;
    outcome: string;
    error: { code: string; message: string } | null;
    observation: { commands: number; bytes: number; notSeen: number } | null;
  }[];
  grant: { revoked: boolean | null } | null;
  warnings: string[];
  surfaces: { name: string; ok: boolean }[];
}

/** The run manifest in a run's output folder. */
export function readScanJson({ cwd }: Pick<Transcript, 'cwd'>, folder = 'cinc-scan-results'): ScanJson {
  return JSON.parse(readFileSync(join(cwd, folder, 'scan.json'), 'utf8')) as ScanJson;
}

export interface HdfJson {
  profiles: {
    name: string;
    controls: {
      id: string;
      impact: number;
      results: { status: string; code_desc: string; message?: string; exception?: string; skip_message?: string }[];
    }[];
  }[];
}

/** The result files of a run, by name. */
export function readHdf({ cwd }: Pick<Transcript, 'cwd'>, folder = 'cinc-scan-results'): Map<string, HdfJson> {
  const names = readdirSync(join(cwd, folder)).filter(name => name.endsWith('.json') && name.includes('_'));
  return new Map(names.map(name => [name, JSON.parse(readFileSync(join(cwd, folder, name), 'utf8')) as HdfJson]));
}
