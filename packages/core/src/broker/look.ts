// SPDX-License-Identifier: Apache-2.0
import { type CommandAnswer, CommandRefused, CommandTimeout, type OpenTarget } from '../lens/index.ts';
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

/** What is at a path, and at others that will be asked for, as far as one command can tell of all. */
export async function lookAtPath(target: LookedInto, path: string, ahead: string[]): Promise<Reply> {
  if (path.includes('\0')) return { header: { look: absent } };
  const known = ahead.length === 0 ? new Map<string, PathLook>() : await lookAhead(target, [path, ...ahead]);
  const own = known.get(path);
  known.delete(path);
  const reply = own === undefined ? await lookAt(target, path) : looked(target, path, { look: own });
  return { ...reply, header: { ...reply.header, ahead: [...known].map(([at, found]) => ({ path: at, look: found })) } };
}

async function lookAhead({ session, filesOf }: LookedInto, paths: string[]): Promise<Map<string, PathLook>> {
  // The helper of that view takes one path a time; and the file that marks a container has an answer of its own.
  const asked = filesOf === undefined ? paths.filter(path => !path.includes('\0') && path !== dockerenv) : [];
  if (asked.length === 0) return new Map();
  const script = lookAheadScript(asked);
  try {
    const answer = await session.run(script.command, { repeatable: true });
    const looks = parseLookAhead(answer, script, asked.length);
    return new Map(asked.flatMap((path, index) => (looks[index] ? [[path, looks[index]]] : [])));
  } catch (error) {
    // One path of many that does not answer says nothing of the one that was asked for.
    if (error instanceof CommandTimeout || error instanceof CommandRefused) return new Map();
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
