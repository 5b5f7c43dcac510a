// SPDX-License-Identifier: Apache-2.0
// The scan service as it is shipped, started and asked by what is not a test: the demonstration and the benchmarks.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../service/bin/cinc-scan-service.js', import.meta.url));

export interface StartedService {
  url: string;
  /** Of the operator. */
  key: string;
  child: ChildProcess;
}

export async function startShippedService(
  data: string,
  { port, args: more = [] }: { port: string; args?: readonly string[] },
): Promise<StartedService> {
  const args = ['run', '--data', data, '--port', port, '--allow-unisolated', '--log-level', 'error', ...more];
  // Apart from our terminal, whose Ctrl-C is for us: we end it when its scans can still take back what they made.
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const { url, key } = await readStart(child.stdout);
  if (url === undefined || key === undefined) throw new Error('the service did not start');
  child.stdout.resume();
  return { url, key, child };
}

/** What the first start prints. */
async function readStart(output: Readable): Promise<{ url: string | undefined; key: string | undefined }> {
  let [url, key]: (string | undefined)[] = [];
  for await (const line of createInterface({ input: output })) {
    url = /^cinc-scan service at (\S+)/.exec(line)?.[1] ?? url;
    key = /(cs_\w+)$/.exec(line)?.[1] ?? key;
    if (url !== undefined && key !== undefined) break;
  }
  return { url, key };
}

export class ServiceClient {
  private readonly url: string;
  private readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own service, whose answers its tests hold to their shapes
    return JSON.parse(text === '' ? 'null' : text) as T;
  }

  /** Asks for a scan and waits for its end, which its events tell. */
  async scan(body: unknown): Promise<ScanEnd> {
    const { id } = await this.call<{ id: string }>('POST', '/scans', body);
    for (;;) {
      const stream = await fetch(`${this.url}/api/v1/scans/${id}/events`, {
        headers: { authorization: `Bearer ${this.key}` },
      });
      await stream.text();
      const scan = await this.call<ScanEnd>('GET', `/scans/${id}`);
      if (scan.state !== 'queued' && scan.state !== 'running') return scan;
    }
  }
}

interface ScanEnd {
  id: string;
  state: string;
  verdict: string | null;
  attempt: number;
  error: { code: string; message: string } | null;
}

/** The files of a profile folder, as the API takes them. */
export async function filesOf(folder: string): Promise<{ path: string; content: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async path => ({ path: relative(folder, path), content: await readFile(path, 'utf8') })),
  );
}
