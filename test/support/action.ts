// SPDX-License-Identifier: Apache-2.0
// Runs the action as GitHub's runner does: each step a process of its own, inputs in the environment, everything else
// through files and lines of standard output (https://github.com/actions/runner).

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { cacheHome } from './caches.ts';
import type { TestCluster } from './cluster.ts';
import { watchCommand } from './taint.ts';

export interface Step {
  /** `with:` of the workflow. */
  inputs?: Record<string, string>;
  /** Beside what the runner sets. */
  env?: Record<string, string>;
  /** The body of the webhook that started the run. */
  event?: unknown;
  /** What the step is started under, such as strace. */
  tracer?: string[];
  /** The workspace; a new folder unless given. */
  workspace?: string;
}

/** A line that the runner takes for a command. */
export interface Command {
  name: string;
  properties: Record<string, string>;
  message: string;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Everything on both streams. */
  raw: string;
  /** What a reader of the log sees: without commands, and with every masked text as `***`. */
  log: string;
  commands: Command[];
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
  workspace: string;
}

export interface RunningStep {
  child: ChildProcess;
  /** Resolves once the text stands in the output; fails if the step ends before. */
  said(text: RegExp): Promise<void>;
  ended: Promise<Ended>;
}

interface Action {
  inputs: Record<string, { default?: string }>;
  runs: { main: string; post: string };
}

/** One use of the action in a job: its main step, and its post step with what the main step left. */
export class ActionUse {
  private readonly cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>;
  private readonly place: string;
  private readonly step: Step;
  private readonly action: Action;
  readonly workspace: string;
  private readonly files: string;
  private state: Record<string, string> = {};

  constructor(cluster: Pick<TestCluster, 'folder' | 'kubeconfigPath'>, place: string, step: Step) {
    this.cluster = cluster;
    this.place = place;
    this.step = step;
    this.action = load(readFileSync(join(place, 'action.yml'), 'utf8')) as Action;
    this.workspace = step.workspace ?? mkdtempSync(join(cluster.folder, 'w-'));
    this.files = mkdtempSync(join(cluster.folder, 'r-'));
  }

  start(which: 'main' | 'post'): RunningStep {
    const files = join(this.files, which);
    mkdirSync(files);
    const names = ['output', 'state', 'summary', 'env', 'path'];
    for (const name of names) writeFileSync(join(files, name), '');
    const env = this.environment(files);
    const script = join(this.place, this.action.runs[which]);
    const [command, ...args] = [...(this.step.tracer ?? []), process.execPath, script];
    const { child, finish } = watchCommand({
      start: () => spawn(command, args, { cwd: this.workspace, env, stdio: ['ignore', 'pipe', 'pipe'] }),
      folder: this.cluster.folder,
      cwd: this.workspace,
      args: ['action', which],
      env,
    });
    let raw = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (raw += text));
    const ended = once(child, 'close').then((): Ended => {
      const { commands, log } = readLog(raw);
      finish({ stdout: log, stderr: '' });
      const state = readFileCommands(join(files, 'state'));
      this.state = { ...this.state, ...state };
      const outputs = readFileCommands(join(files, 'output'));
      const summary = readFileSync(join(files, 'summary'), 'utf8');
      const { exitCode: code, signalCode: signal } = child;
      return { code, signal, raw, log, commands, outputs, state, summary, workspace: this.workspace };
    });
    const said = (text: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => (text.test(raw) ? resolve() : undefined);
        child.stdout.on('data', look);
        void ended.then(() => reject(new Error(`ended without ${text}:\n${raw}`)));
        look();
      });
    return { child, said, ended };
  }

  /** As when somebody runs the job anew: the same state, fresh files. */
  async again(which: 'post'): Promise<Ended> {
    await rm(join(this.files, which), { recursive: true });
    return await this.start(which).ended;
  }

  main(): Promise<Ended> {
    return this.start('main').ended;
  }

  post(): Promise<Ended> {
    return this.start('post').ended;
  }

  private environment(files: string): Record<string, string> {
    const { folder, kubeconfigPath } = this.cluster;
    const event = join(this.files, 'event.json');
    if (!existsSync(event)) writeFileSync(event, JSON.stringify(this.step.event ?? {}));
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      TMPDIR: folder,
      XDG_CACHE_HOME: cacheHome,
      KUBECONFIG: kubeconfigPath,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: this.workspace,
      GITHUB_REPOSITORY: 'example/shop',
      GITHUB_SHA: '1f1e1d1c1b1a19181716151413121110f0e0d0c0',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_RUN_ID: '9876543210',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_EVENT_PATH: event,
      GITHUB_OUTPUT: join(files, 'output'),
      GITHUB_STATE: join(files, 'state'),
      GITHUB_STEP_SUMMARY: join(files, 'summary'),
      GITHUB_ENV: join(files, 'env'),
      GITHUB_PATH: join(files, 'path'),
      RUNNER_OS: 'Linux',
      RUNNER_ARCH: 'X64',
      RUNNER_TEMP: this.files,
      RUNNER_TOOL_CACHE: join(this.files, 'tools'),
      ...this.inputs(),
      ...Object.fromEntries(Object.entries(this.state).map(([name, value]) => [`STATE_${name}`, value])),
      ...this.step.env,
    };
  }

  /** Every input of action.yml with its default, and whatever else stands under `with:`. */
  private inputs(): Record<string, string> {
    const defaults = Object.entries(this.action.inputs).map(([name, input]) => [name, input.default ?? ''] as const);
    const filled = defaults.map(([name, value]) => [name, value.includes('github.token') ? '' : value] as const);
    const given = Object.entries({ ...Object.fromEntries(filled), ...this.step.inputs });
    return Object.fromEntries(
      given.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
    );
  }
}

/** `name=value`, or `name<<END`, lines, `END`. */
function readFileCommands(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  const found: Record<string, string> = {};
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    const [, name = '', end = ''] = /^([^<=]+)<<(.+)$/.exec(line) ?? [];
    if (name === '') continue;
    const at = lines.indexOf(end);
    found[name] = lines
      .splice(0, at + 1)
      .slice(0, -1)
      .join('\n');
  }
  return found;
}

/** The runner takes a line that begins with `::` for a command, whatever blanks stand before it. */
function readLog(raw: string): { commands: Command[]; log: string } {
  const commands: Command[] = [];
  const plain: string[] = [];
  for (const line of raw.split(/\r?\n/)) {
    const [, name, properties = '', message = ''] = /^\s*::([\w-]+)(?: ((?:(?!::).)*))?::(.*)$/.exec(line) ?? [];
    if (name === undefined) plain.push(line);
    else commands.push({ name, properties: readProperties(properties), message: unescape(message) });
  }
  const masks = commands.filter(({ name }) => name === 'add-mask').map(({ message }) => message);
  const shown = [...plain, ...commands.filter(({ name }) => name !== 'add-mask').map(({ message }) => message)];
  return { commands, log: masks.reduce((text, mask) => text.replaceAll(mask, '***'), shown.join('\n')) };
}

function readProperties(text: string): Record<string, string> {
  const pairs = text.split(',').filter(pair => pair.includes('='));
  return Object.fromEntries(
    pairs.map(pair => [pair.slice(0, pair.indexOf('=')), unescape(pair.slice(pair.indexOf('=') + 1))]),
  );
}

const unescape = (text: string) =>
  text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
