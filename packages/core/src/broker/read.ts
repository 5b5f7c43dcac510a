// SPDX-License-Identifier: Apache-2.0
import { type CommandAnswer, defaultRun, type OpenTarget } from '../lens/index.ts';
import { filesOnlyRead } from './files-only.ts';
import { isOfKernel, kindCommand, parseHelperRead, parseRead, type ReadAnswer, readScript } from './read-script.ts';
import type { Reply } from './reply.ts';

/** The content of a file: all of it, or why not. */
export async function read(target: OpenTarget, path: string): Promise<Reply> {
  const { filesOf } = target;
  const found =
    filesOf === undefined
      ? await readAll(target, path)
      : parseHelperRead(await runRepeatable(target, filesOnlyRead(filesOf, path)));
  const message = `${path} cannot be read`;
  switch (found.kind) {
    case 'content':
      return { header: { status: 0, truncated: found.truncated, limit: defaultRun.limit }, first: found.content };
    case 'nothing':
      return { header: { status: 1 } };
    case 'closed':
      return { header: { status: 1, closed: `${message}: ${found.reason}` } };
    case 'tool-missing':
      target.meter.toolsMissing.add(found.tool);
      return { header: { error: 'tool', message: `the container has no ${found.tool}, so ${message}` } };
    case 'failed':
    case 'short':
      return { header: { error: 'tool', message: `${message}: ${found.reason}` } };
  }
}

/** A file can be cut while it is read, so a short answer is asked for once more. */
async function readAll(target: OpenTarget, path: string): Promise<ReadAnswer> {
  const script = readScript(path);
  const once = async () => parseRead(await runRepeatable(target, script.command), script);
  const first = await once();
  const found = first.kind === 'short' ? await once() : first;
  if (found.kind !== 'short' || !isOfKernel(await runRepeatable(target, kindCommand(path)))) return found;
  return { kind: 'content', content: found.content, truncated: false };
}

const runRepeatable = ({ session }: OpenTarget, command: string): Promise<CommandAnswer> =>
  session.run(command, { repeatable: true });
