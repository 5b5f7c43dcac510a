// SPDX-License-Identifier: Apache-2.0
import { CommandTimeout, type Meter, type OpenTarget } from '../lens/index.ts';
import { filesOnlyLook } from './files-only.ts';
import {
  absent,
  type Look,
  type LookAnswer,
  lookAheadScript,
  lookScript,
  parseLook,
  parseLookAhead,
} from './questions.ts';
import { firstLine, type Reply } from './reply.ts';

// InSpec tells a container by this file; Kubernetes' runtimes do not make it (resources/virtualization.rb).
const dockerenv = '/.dockerenv';
const emptyFile: Look = {
  present: true,
  own: ['0', '81ed', 'root', '0', 'root', '0', '0', '0', '?'],
  target: ['0', '81ed', 'root', '0', 'root', '0', '0', '0', '?'],
  link: null,
  realpath: null,
};

// The helper's word for a path in a folder that is closed to it: neither there nor absent.
const unknowable = 9;

/** What is at a path, and at others that will be asked for, as far as one command can tell of all. */
export async function look(target: OpenTarget, path: string, ahead: string[]): Promise<Reply> {
  if (path.includes('\0')) return { header: { look: absent } };
  const known = ahead.length === 0 ? new Map<string, Look>() : await lookAhead(target, [path, ...ahead]);
  const own = known.get(path);
  known.delete(path);
  const reply = own === undefined ? await lookAt(target, path) : looked(target.meter, path, { look: own });
  return { ...reply, header: { ...reply.header, ahead: [...known].map(([at, found]) => ({ path: at, look: found })) } };
}

async function lookAhead({ session, filesOf }: OpenTarget, paths: string[]): Promise<Map<string, Look>> {
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
    if (error instanceof CommandTimeout) return new Map();
    throw error;
  }
}

async function lookAt({ session, meter, filesOf }: OpenTarget, path: string): Promise<Reply> {
  const script = filesOf === undefined ? lookScript(path) : filesOnlyLook(filesOf, path);
  const answer = await session.run(script.command, { repeatable: true });
  const found = parseLook(answer, script);
  if (filesOf !== undefined && answer.status === unknowable) {
    return {
      header: { error: 'view', message: `this view cannot tell whether there is ${path}: ${firstLine(answer)}` },
    };
  }
  // The helper says by its status what went wrong; a shell's own status tells of its last `cat` alone.
  const refused = filesOf !== undefined && answer.status !== 0;
  return refused || found.kind !== 'look'
    ? notLooked(meter, found, `${path} cannot be looked at: ${firstLine(answer)}`)
    : looked(meter, path, found);
}

function notLooked(meter: Meter, found: LookAnswer, message: string): Reply {
  if (found.kind !== 'tool-missing') return { header: { error: 'tool', message } };
  meter.toolsMissing.add(found.tool);
  return { header: { error: 'tool', message: `${message}: the container has no usable ${found.tool}` } };
}

function looked(meter: Meter, path: string, found: { look: Look; content?: Buffer | undefined }): Reply {
  if (path === dockerenv && !found.look.present) {
    meter.virtual.add(dockerenv);
    return { header: { look: emptyFile } };
  }
  const { content } = found;
  return { header: { look: found.look, has_content: content !== undefined }, ...(content && { first: content }) };
}
