// SPDX-License-Identifier: Apache-2.0
import { type CommandAnswer, CommandRefused, CommandTimeout, type OpenTarget, type RunOptions } from '../lens/index.ts';
import { filesOnlyLook } from './files-only.ts';
import {
  absent,
  type LookAnswer,
  lookAheadScript,
  lookScript,
  type PathLook,
  parseHelperLook,
  parseLook,
  parseLookAhead,
} from './look-script.ts';
import { firstLine } from './reasons.ts';
import type { Reply } from './reply.ts';

/** Whether the file is answered for by which InSpec recognizes a container of Docker (resources/virtualization.rb). */
export type ContainerMarker = 'none' | 'docker';

// No runtime of Kubernetes makes it.
const dockerenv = '/.dockerenv';
const emptyFile: PathLook = {
  present: true,
  own: ['0', '81ed', 'root', '0', 'root', '0', '0', '0', '?'],
  target: ['0', '81ed', 'root', '0', 'root', '0', '0', '0', '?'],
  link: null,
  realpath: null,
};

// The helper's word for a path in a folder that is closed to it: neither there nor absent.
const unknowable = 9;

type LookedInto = Pick<OpenTarget, 'session' | 'meter' | 'filesOf'> & { containerMarker: ContainerMarker };

type Found = ReadonlyMap<string, PathLook>;
const nothing: Found = new Map();

/** Looks at paths of one target for an engine that names ahead what it will ask for. */
export class Looks {
  private readonly target: LookedInto;
  /** Of the paths that go with the last command. */
  private found: Promise<Found> | undefined;

  constructor(target: LookedInto) {
    this.target = target;
  }

  /**
   * Runs a command, and looks at paths behind it while the engine makes use of its answer. What was looked at before it, or
   * behind an earlier one, says nothing any more.
   */
  behind<T>(paths: string[], run: (options: Pick<RunOptions, 'behind'>) => Promise<T>): Promise<T> {
    const script = toAheadScript(this.target, paths);
    this.found = undefined;
    if (script === undefined) return run({ behind: undefined });
    const { promise, resolve } = Promise.withResolvers<Found>();
    this.found = promise;
    // What ends the session is told to the one who asks next.
    const tell = (answer: CommandAnswer | undefined) => resolve(answer ? script.parse(answer) : nothing);
    return run({ behind: { script: script.command, tell } });
  }

  /** What is at a path, and at others that will be asked for, as far as one command can tell of all. */
  async at(path: string, ahead: string[]): Promise<Reply> {
    if (path.includes('\0')) return { header: { look: absent } };
    const { target } = this;
    const known = await this.known(path, ahead);
    const own = known.get(path);
    const others = [...known].filter(([at]) => at !== path).map(([at, look]) => ({ path: at, look }));
    const reply = own === undefined ? await lookAt(target, path) : looked(target, path, { look: own });
    return { ...reply, header: { ...reply.header, ahead: others } };
  }

  private async known(path: string, ahead: string[]): Promise<Found> {
    const { found } = this;
    const known = await found;
    // A command that came meanwhile has made void what was found before it.
    if (known?.has(path) === true && found === this.found) {
      this.found = undefined; // all of it goes to the engine with this answer
      return known;
    }
    return ahead.length === 0 ? nothing : lookAhead(this.target, [path, ...ahead]);
  }
}

interface AheadScript {
  command: string;
  parse(answer: CommandAnswer): Found;
}

function toAheadScript({ filesOf }: LookedInto, paths: string[]): AheadScript | undefined {
  // The helper of that view takes one path a time; and the file that marks a container has an answer of its own.
  const asked = filesOf === undefined ? paths.filter(path => !path.includes('\0') && path !== dockerenv) : [];
  if (asked.length === 0) return undefined;
  const script = lookAheadScript(asked);
  const parse = (answer: CommandAnswer) => {
    const looks = parseLookAhead(answer, script, asked.length);
    return new Map(asked.flatMap((path, index) => (looks[index] ? [[path, looks[index]]] : [])));
  };
  return { command: script.command, parse };
}

async function lookAhead(target: LookedInto, paths: string[]): Promise<Found> {
  const script = toAheadScript(target, paths);
  if (script === undefined) return nothing;
  try {
    return script.parse(await target.session.run(script.command, { repeatable: true }));
  } catch (error) {
    // One path of many that does not answer says nothing of the one that was asked for.
    if (error instanceof CommandTimeout || error instanceof CommandRefused) return nothing;
    throw error;
  }
}

async function lookAt(target: LookedInto, path: string): Promise<Reply> {
  const { session, meter, filesOf } = target;
  const script = filesOf === undefined ? lookScript(path) : filesOnlyLook(filesOf, path);
  const answer = await session.run(script.command, { repeatable: true });
  if (filesOf !== undefined && answer.status === unknowable) return unseen(path, firstLine(answer));
  const found = filesOf === undefined ? parseLook(answer, script) : parseHelperLook(answer, script);
  if (found.kind === 'look') return looked(target, path, found);
  if (found.kind === 'unknown' && found.isClosed) return unseen(path, found.reason);
  if (found.kind === 'tool-missing') meter.toolsMissing.add(found.tool);
  return { header: { error: 'tool', message: `${path} cannot be looked at: ${whyNot(found, answer)}` } };
}

const unseen = (path: string, reason: string): Reply => ({
  header: { error: 'view', message: `this view cannot tell whether there is ${path}: ${reason}` },
});

type NoLook = Exclude<LookAnswer, { kind: 'look' }>;

function whyNot(found: NoLook, answer: CommandAnswer): string {
  switch (found.kind) {
    case 'tool-missing':
      return `the container has no usable ${found.tool}`;
    case 'tool-failed':
    case 'unknown':
      return found.reason;
    case 'unanswered':
      return firstLine(answer);
  }
}

function looked(target: LookedInto, path: string, found: { look: PathLook; content?: Buffer | undefined }): Reply {
  if (target.containerMarker === 'docker' && path === dockerenv && !found.look.present) {
    target.meter.virtual.add(dockerenv);
    return { header: { look: emptyFile } };
  }
  const { content } = found;
  return { header: { look: found.look, has_content: content !== undefined }, ...(content && { first: content }) };
}
