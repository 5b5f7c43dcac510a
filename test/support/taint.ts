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

export interface Command<C extends ChildProcess> {
  start: () => C;
  folder: string;
  cwd: string;
  args: string[];
  env: Record<string, string>;
}

type Started = Omit<Command<ChildProcess>, 'start'> & { pid: number | undefined };

const pollMs = 100;

export interface Watch<C> {
  child: C;
  /** Given what it wrote. */
  finish: (written: { stdout: string; stderr: string }) => void;
}

/** Starts a command and watches it to its end. */
export function watchCommand<C extends ChildProcess>({ start, ...command }: Command<C>): Watch<C> {
  const watched = folders.get(command.folder);
  if (watched === undefined) return { child: start(), finish: () => undefined };
  // Before the start: what a command writes at once bears a time that the kernel's coarse clock may put before it.
  const before = stampsBelow(command.folder);
  const child = start();
  const watch = new CommandWatch({ ...command, pid: child.pid }, watched, before);
  const timer = setInterval(() => watch.look(false), pollMs).unref();
  watch.look(false);
  return {
    child,
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
  /** Files as they were before the command, or when they were last searched. */
  private readonly searched: Map<string, string>;
  /** Command lines and environments, each once. */
  private readonly processes = new Map<string, boolean>();
  private readonly out: string | undefined;

  constructor(started: Started, watched: Watched, before: Map<string, string>) {
    this.started = started;
    this.watched = watched;
    this.searched = before;
    const at = started.args.indexOf('--out');
    this.out = at < 0 ? undefined : resolve(started.cwd, started.args[at + 1] ?? '');
  }

  look(isOver: boolean): void {
    const { pid, folder } = this.started;
    if (pid !== undefined) this.lookAtProcess(pid, true);
    const secrets = this.watched.secrets();
    for (const path of watchedFiles(folder)) if (isOver || !this.isDraft(path)) this.searchFile(path, secrets);
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
    if (stamp === undefined || this.searched.get(path) === stamp) return;
    this.searched.set(path, stamp);
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

/** All files but those of the cluster itself. */
const watchedFiles = (folder: string) => filesBelow(folder, join(folder, 'cluster'));

const stampsBelow = (folder: string) =>
  new Map(watchedFiles(folder).map(path => [path, stampOf(path) ?? ''] satisfies [string, string]));

function stampOf(path: string): string | undefined {
  try {
    const { ctimeMs, size, ino } = statSync(path);
    return `${ctimeMs} ${size} ${ino}`;
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
