// SPDX-License-Identifier: Apache-2.0
// Every secret of a test cluster is searched for in everything that the commands of its tests write, and in what the
// machine shows of their processes.
import type { ChildProcess } from 'node:child_process';
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { secretsIn } from './secrets-found.ts';

interface Watched {
  secrets: () => string[];
  leaks: Set<string>;
}

const folders = new Map<string, Watched>();

/** From now on commands that work in the folder are watched for these secrets. */
export function watchFolder(folder: string, secrets: () => string[]): void {
  folders.set(folder, { secrets, leaks: new Set() });
}

/** What leaked since the last time; where, not what. */
export function takeLeaks(folder: string): string[] {
  const watched = folders.get(folder);
  const found = [...(watched?.leaks ?? [])];
  watched?.leaks.clear();
  return found;
}

export interface Started {
  child: ChildProcess;
  folder: string;
  cwd: string;
  args: string[];
  env: Record<string, string>;
}

const pollMs = 100;

/** Watches a command from its start to its end; `finish` is given what it wrote. */
export function watchCommand(started: Started): { finish(written: { stdout: string; stderr: string }): void } {
  const watched = folders.get(started.folder);
  if (watched === undefined) return { finish: () => undefined };
  const watch = new CommandWatch(started, watched);
  const timer = setInterval(() => watch.look(false), pollMs).unref();
  watch.look(false);
  return {
    finish(written) {
      clearInterval(timer);
      watch.look(true);
      watch.judge(written);
    },
  };
}

class CommandWatch {
  private readonly started: Started;
  private readonly watched: Watched;
  private readonly since = Date.now();
  /** Files as they were when they were last searched. */
  private readonly searched = new Map<string, string>();
  /** Command lines and environments, each once. */
  private readonly processes = new Map<string, boolean>();
  private readonly out: string | undefined;

  constructor(started: Started, watched: Watched) {
    this.started = started;
    this.watched = watched;
    const at = started.args.indexOf('--out');
    this.out = at < 0 ? undefined : resolve(started.cwd, started.args[at + 1] ?? '');
  }

  look(isOver: boolean): void {
    const { child, folder } = this.started;
    if (child.pid !== undefined) this.lookAtProcess(child.pid, true);
    const secrets = this.watched.secrets();
    for (const path of filesBelow(folder, join(folder, 'cluster')))
      if (isOver || !this.isDraft(path)) this.searchFile(path, secrets);
  }

  judge({ stdout, stderr }: { stdout: string; stderr: string }): void {
    const { args, env } = this.started;
    const secrets = this.watched.secrets();
    const given = secretsIn([...args, ...Object.values(env)].join('\0'), secrets);
    // The one output that is a secret: the kubeconfig that was asked for.
    if (args[0] !== 'grant' || this.out !== undefined) this.tell('standard output', secretsIn(stdout, secrets));
    this.tell('standard error', secretsIn(stderr, secrets));
    for (const [text, isCommand] of this.processes) {
      const found = secretsIn(text, secrets).filter(secret => !isCommand || !given.includes(secret));
      this.tell(`the command line or environment of ${text.slice(0, 80).replaceAll('\0', ' ')}`, found);
    }
  }

  private searchFile(path: string, secrets: string[]): void {
    if (path === this.out) return;
    const stamp = stampOf(path);
    if (stamp === undefined || stamp.changed <= this.since || this.searched.get(path) === stamp.text) return;
    this.searched.set(path, stamp.text);
    this.tell(`file ${path}`, secretsIn(readQuietly(path), secrets));
  }

  /** The kubeconfig that was asked for, while it is being written. */
  private isDraft(path: string): boolean {
    return this.out !== undefined && dirname(path) === dirname(this.out) && basename(path).startsWith('.cinc-scan-');
  }

  private lookAtProcess(pid: number, isCommand: boolean): void {
    const text = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].map(path => readQuietly(path).toString()).join('\0');
    if (text.length > 1) this.processes.set(text, isCommand);
    for (const child of childrenOf(pid)) this.lookAtProcess(child, false);
  }

  private tell(where: string, found: string[]): void {
    if (found.length > 0) this.watched.leaks.add(`cinc-scan ${this.started.args.join(' ')}: ${where}`);
  }
}

function childrenOf(pid: number): number[] {
  return listQuietly(`/proc/${pid}/task`).flatMap(({ name }) =>
    readQuietly(`/proc/${pid}/task/${name}/children`).toString().split(' ').filter(Boolean).map(Number),
  );
}

function filesBelow(folder: string, except: string): string[] {
  return listQuietly(folder).flatMap(entry => {
    const path = join(folder, entry.name);
    if (path === except) return [];
    if (entry.isDirectory()) return filesBelow(path, except);
    return entry.isFile() ? [path] : [];
  });
}

function stampOf(path: string): { changed: number; text: string } | undefined {
  try {
    const { ctimeMs, size } = statSync(path);
    return { changed: ctimeMs, text: `${ctimeMs} ${size}` };
  } catch {
    return undefined; // gone meanwhile
  }
}

function listQuietly(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readQuietly(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
