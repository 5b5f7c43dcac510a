// SPDX-License-Identifier: Apache-2.0
// Commands of a profile, run beside the target as if they ran in it: as its user, with its rights and no others, by its
// own shell and programs where it has them.
import { meanTarget } from './as-target.ts';
import { tools, type UserIds } from './ephemeral.ts';
import { type CommandAnswer, makeNonce, quote } from './framing.ts';
import type { Meter } from './meter.ts';
import type { ProcessRef } from './process-ref.ts';
import { CommandRefused } from './refusal.ts';
import { type RunOptions, Session } from './session.ts';
import { type ExecPlace, runOnce, toShellEntry } from './shell.ts';
import { makePrelude, meanStandIns, namesThatMatter, ourShell, type Prelude } from './stand-ins.ts';

/** Where commands of a profile are run. */
export interface Commands {
  run(command: string, options: Partial<RunOptions>): Promise<CommandAnswer>;
}

export interface CommandsOptions {
  place: ExecPlace;
  name: string;
  process: ProcessRef & UserIds;
  /** Starts the helper's shell in the target's root. */
  enter: (...more: string[]) => string[];
  /** A shell of ours in the same root, for looking which programs there are. */
  session: Session;
  meter: Meter;
  verify: () => Promise<void>;
}

/** Opened by the first command: many profiles look at files alone. */
export class CommandsBeside implements Commands, AsyncDisposable {
  private readonly options: CommandsOptions;
  private readonly mark = makeNonce();
  private opened: Promise<Session> | undefined;

  constructor(options: CommandsOptions) {
    this.options = options;
  }

  async run(command: string, { behind, ...options }: Partial<RunOptions>): Promise<CommandAnswer> {
    this.opened ??= this.open();
    try {
      const session = await this.opened;
      return await session.run(command, options);
    } finally {
      // Ours, not the target's: it runs in the shell that looks, and its answer is not waited for.
      if (behind) void this.options.session.run(behind.script).then(behind.tell, () => behind.tell(undefined));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = await this.opened?.catch(() => undefined);
    await session?.[Symbol.asyncDispose]();
  }

  private async open(): Promise<Session> {
    const { place, name, process, enter, session, meter, verify } = this.options;
    const shell = await this.findShell();
    const names = shell === undefined ? await toolNames(session) : [];
    const theirs = await programsAmong(session, namesThatMatter(names));
    const prelude: Prelude = {
      mark: this.mark,
      process,
      theirs,
      powerless: process.uid === 0 ? [] : await privilegedPrograms(session, process),
      shell: shell === undefined ? { kind: 'ours', tools: names } : { kind: 'theirs', path: shell },
    };
    // The helper refuses what opens a table of mounts there: it sees more than the text of a command.
    const [means, standsIn] = [meanTarget({ ...process, jailed: false }), meanStandIns(prelude)];
    const entry = toShellEntry({
      place,
      name,
      shell: shell === undefined ? ourShell : [shell],
      killShell: [tools.shell, 'sh'],
      verify,
      command: enter(
        '--mark',
        this.mark,
        '--as-target',
        ...(shell === undefined ? [] : ['--program', shell]),
        '--',
        'sh',
      ),
      mark: this.mark,
      prelude: makePrelude(prelude),
      translate: command => standsIn(means(command)),
    });
    return Session.open(entry, meter);
  }

  /** The target's own shell, if it can be run: one whose libraries are missing is none. Undefined stands for ours. */
  private async findShell(): Promise<string | undefined> {
    const { place, name, enter, session } = this.options;
    const own = await programsAmong(session, ['sh', '/busybox/sh', 'bash']);
    let reason = '';
    for (const path of [...own.values(), undefined]) {
      const program = path === undefined ? [] : ['--program', path];
      const { end, stderr } = await runOnce(place, enter('--as-target', ...program, '--', 'sh', '-c', 'exit 0'));
      if (end.kind === 'exited' && end.code === 0) return path;
      reason = stderr.trim();
    }
    throw new CommandRefused(`Commands cannot be run from the tools container as in ${name}: ${reason}`);
  }
}

// The variable is the target's, as all are in that shell.
const searchPath = 'PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}';

/** Paths of the names that the target has, each with its name. */
async function programsAmong(session: Session, names: readonly string[]): Promise<Map<string, string>> {
  const { stdout } = await session.run(
    `${searchPath}; IFS=:; set -f
for name in ${names.map(quote).join(' ')}; do
  case $name in /*) folders=/ ;; *) folders=$PATH ;; esac
  for folder in $folders; do
    path=\${folder%/}/\${name#/}
    if [ -f "$path" ] && [ -x "$path" ]; then printf '%s %s\\n' "$name" "$path"; break; fi
  done
done`,
    { repeatable: true },
  );
  const lines = stdout
    .toString('utf8')
    .split('\n')
    .filter(line => line.includes(' '));
  return new Map(lines.map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]));
}

/** Programs with a right of their own, such as setuid: none of it reaches a process of our container. */
async function privilegedPrograms(session: Session, { pid }: ProcessRef): Promise<string[]> {
  const { stdout } = await session.run(
    `${searchPath}; IFS=:
grep -q '^NoNewPrivs:.1' /proc/${pid}/status && exit 0
for folder in $PATH; do for path in "$folder"/*; do
  if [ -f "$path" ] && { [ -u "$path" ] || [ -g "$path" ]; }; then printf '%s\\n' "\${path##*/}"; fi
done; done`,
    { repeatable: true },
  );
  return stdout.toString('utf8').split('\n').filter(Boolean);
}

async function toolNames(session: Session): Promise<string[]> {
  const { stdout } = await session.run('busybox --list', { repeatable: true });
  return stdout.toString('utf8').split('\n').filter(Boolean);
}
