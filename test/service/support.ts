// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheHome } from '../support/caches.ts';
import { root } from '../support/cinc-scan.ts';
import type { TestCluster } from '../support/cluster.ts';

export interface RunningProcess {
  child: ChildProcess;
  /** Of the first operator, from the first start. */
  key: string | undefined;
  output(): string;
  /** Ends it as a platform does, and waits. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface RunningService extends RunningProcess {
  url: string;
}

const program = join(root, 'packages/service/bin/cinc-scan-service.js');

type Place = Pick<TestCluster, 'folder' | 'kubeconfigPath'>;

/** The service as it is shipped, on a data folder that outlives it. */
export async function startService(
  place: Place,
  name: string,
  { env = {}, args: more = [], machine = [] }: ServiceStart = {},
): Promise<RunningService> {
  const args = ['run', '--data', join(place.folder, name), '--port', '0', '--heartbeat', '10', ...more];
  const running = await startProcess(place, args, { data: name, env, machine });
  const [, url = ''] = urlLine.exec(running.output()) ?? [];
  return { ...running, url };
}

interface ServiceStart {
  env?: Record<string, string>;
  args?: readonly string[];
  /** What it is started by, in place of this machine as it is. */
  machine?: readonly string[];
}

const urlLine = /^cinc-scan service at (\S+)$/m;
/** What a process prints once it does its work. */
const readyLine = /^cinc-scan (?:service at|runner for) \S+|^cinc-scan service is running/m;
const lastLine = 'Its database is embedded';

/** Any process of the shipped program. */
export async function startProcess(
  { folder, kubeconfigPath }: Place,
  args: string[],
  { data, env = {}, machine = [] }: Omit<ServiceStart, 'args'> & { data: string },
): Promise<RunningProcess> {
  const credentials = join(folder, data, 'credentials');
  mkdirSync(credentials, { recursive: true, mode: 0o700 });
  const credential = join(credentials, 'east');
  if (!existsSync(credential)) copyFileSync(kubeconfigPath, credential);
  const [command, ...all] = [...machine, process.execPath, program, ...args, '--log-level', 'info'] as const;
  const child = spawn(command, all, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      TMPDIR: folder,
      CINC_SCAN_CACHE: join(cacheHome, 'cinc-scan'),
      ...env,
    },
  });
  let output = '';
  const ended = once(child, 'close');
  const isEmbedded = args[0] === 'run' && !env['CINC_SCAN_DATABASE'];
  await new Promise<void>((resolve, reject) => {
    const take = (text: string) => {
      output += text;
      if (readyLine.test(output) && (!isEmbedded || output.includes(lastLine))) resolve();
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    void ended.then(() => reject(new Error(`The process ended with ${child.exitCode}:\n${output}`)));
  });
  const [key] = /cs_\w+/.exec(output) ?? [];
  return {
    child,
    key,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

/** A client of the API; every answer that is none of 2xx is an error unless it is asked for. */
export class Client {
  url: string;
  readonly key: string;

  private readonly headers: Record<string, string>;

  constructor(url: string, key: string, headers: Record<string, string> = {}) {
    this.url = url;
    this.key = key;
    this.headers = headers;
  }

  async send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.send(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  /** The scan once it is over, as its stream of events tells. */
  async finished(id: string): Promise<Scan> {
    for (;;) {
      // A stream breaks with the service; whoever waits asks again.
      await this.send('GET', `/scans/${id}/events`).catch(() => undefined);
      const scan = await this.call<Scan>('GET', `/scans/${id}`).catch(() => undefined);
      if (scan !== undefined && scan.state !== 'queued' && scan.state !== 'running') return scan;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  }
}

export interface Scan {
  id: string;
  state: string;
  verdict: string | null;
  reason: string | null;
  exitCode: number | null;
  error: { code: string } | null;
  counts: Record<string, number> | null;
  attempt: number;
  isolation: string | null;
  runId: string;
  ask: { cluster: string };
}

/** The files of a profile folder, as the API takes them. */
export function filesOf(folder: string): { path: string; content: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .map(path => ({ path: relative(folder, path), content: readFileSync(path, 'utf8') }));
}
