// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** What there is to be reached on this machine, by the names of the inputs of the profile `escapes`. */
export type Known = Record<string, string | number>;

/** A process to look into, with ends of every kind, and files that only their user may read. */
export class Victim implements Disposable {
  readonly known: Known;
  /** Who came to one of its ends. */
  readonly visits: string[] = [];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, known: Known) {
    this.child = child;
    this.known = known;
  }

  static async start(folder: string, apiPort: number): Promise<Victim> {
    const files = makeFiles(folder);
    const child = spawn('ruby', [join(import.meta.dirname, 'victim.rb'), folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const ends = await new Promise<Known>((resolve, reject) => {
      lines.once('line', line => resolve(JSON.parse(line) as Known));
      child.once('exit', () => reject(new Error('the process to be looked into has ended')));
    });
    const victim = new Victim(child, { ...files, ...ends, api_port: apiPort, host: hostname() });
    lines.on('line', line => victim.visits.push(line));
    return victim;
  }

  get lives(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  [Symbol.dispose](): void {
    this.child.stdin?.end();
  }
}

function makeFiles(folder: string): Known {
  const place = (name: string) => join(folder, name);
  for (const name of ['home', 'written']) mkdirSync(place(name), { recursive: true });
  for (const name of ['secret', 'kubeconfig', 'token', 'writable'])
    writeFileSync(place(name), `content of ${name}`, { mode: 0o600 });
  writeFileSync(place('home/mine'), '');
  return {
    secret: place('secret'),
    kubeconfig: place('kubeconfig'),
    token: place('token'),
    writable: place('writable'),
    home: place('home'),
    folder: place('written'),
  };
}
