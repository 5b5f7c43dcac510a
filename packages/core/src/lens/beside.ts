// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { meanTarget } from './as-target.ts';
import { CommandsBeside } from './commands.ts';
import { tools, type UserIds } from './ephemeral.ts';
import { makeNonce } from './framing.ts';
import { Meter } from './meter.ts';
import type { LensRequest, OpenTarget } from './open-target.ts';
import type { ProcessRef } from './process-ref.ts';
import { Session } from './session.ts';
import { type ExecPlace, runOnce, toShellEntry } from './shell.ts';
import type { LensName, View, Witness } from './view.ts';

/** A tools container beside the target, which shares the target's processes. */
export interface Beside {
  lens: LensName;
  target: Target;
  place: ExecPlace;
  /** For the helper: how the target's process is told from others. */
  find: string[];
  verify: () => Promise<void>;
  closing: () => Promise<void>;
  /** What stays in the pod. */
  leftBehind: string | undefined;
}

/** Looks into the target through the root directory of its process, as fully as the settings of both containers allow. */
export async function openFromBeside(
  { lens, target, place, find, verify, closing, leftBehind }: Beside,
  request: LensRequest,
): Promise<OpenTarget> {
  const found = await findProcess(place, target, find);
  const [{ view, jailed }, witness] = await Promise.all([
    probe({ place, target, process: found, request }),
    findWitness(place),
  ]);
  requireWitness(target, witness, request);
  const process = { ...found, jailed };
  const meter = new Meter();
  const name = targetName(target);
  const enter = (...more: string[]) => enterCommand(process, request, more);
  const entry = shellBeside({ place, name, verify }, view === 'full' ? { process, enter } : undefined);
  const session = await Session.open(entry, meter);
  const commands = new CommandsBeside({ place, name, process, enter, session, meter, verify });
  return {
    target,
    lens,
    view,
    witness: witness.kind,
    filesOf: view === 'full' ? undefined : process,
    session,
    commands,
    meter,
    leftBehind,
    verify,
    async [Symbol.asyncDispose]() {
      await commands[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
      await closing();
    },
  };
}

type Full = { process: ProcessRef; enter: (...more: string[]) => string[] };

/** A shell in the view of the target, or that of the tools where only files can be seen. */
function shellBeside(
  where: Pick<Parameters<typeof toShellEntry>[0], 'place' | 'name' | 'verify'>,
  full: Full | undefined,
) {
  const shell = [tools.shell, 'sh'];
  const common = { ...where, shell: ['sh'], killShell: shell };
  if (full === undefined) return toShellEntry({ ...common, command: shell });
  const mark = makeNonce();
  const command = full.enter('--mark', mark, '--', 'sh');
  return toShellEntry({ ...common, command, translate: meanTarget(full.process), mark });
}

function enterCommand({ pid, startTime, jailed }: ProcessRef, { deadline }: LensRequest, more: string[]): string[] {
  const seconds = Math.max(1, Math.ceil((deadline.getTime() - Date.now()) / 1000));
  return [
    tools.helper,
    'enter',
    '--pid',
    String(pid),
    '--starttime',
    startTime,
    '--shell',
    tools.shell,
    '--deadline-seconds',
    String(seconds),
    '--target-environ',
    // Its table of mounts says nothing of the container then.
    ...(jailed === true ? ['--without-mounts'] : []),
    ...more,
  ];
}

/** By the container's id in the cgroup of its processes, never by a name: two containers may look alike. */
export const byContainerId = ({ containerId }: Target): string[] => [
  '--container-id',
  containerId.replace(/^[a-z-]+:\/\//, ''),
];

/** The target's process, and whose it is: that is open to everyone who sees it. */
export async function findProcess(place: ExecPlace, target: Target, find: string[]): Promise<ProcessRef & UserIds> {
  const { end, stdout, stderr } = await runOnce(place, [tools.helper, 'find', ...find, '--wait-ms', '2000']);
  const [, pid, uid, gid, startTime] = /^(\d+) (\d+) (\d+) [0-9a-f]+ (\d+)$/.exec(stdout.trim()) ?? [];
  if (pid !== undefined && startTime !== undefined)
    return { pid: Number(pid), startTime, uid: Number(uid), gid: Number(gid) };
  if (end.kind === 'lost')
    throw new ScanError('TARGET_LOST', `The tools container of ${targetName(target)} was lost: ${end.message}`);
  const reason = end.kind === 'not-started' ? end.message : stderr.trim();
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `The process of ${targetName(target)} was not found from the tools container: ${reason}`,
  );
}

interface Probing {
  place: ExecPlace;
  target: Target;
  process: ProcessRef;
  request: LensRequest;
}

/** How much of the target the settings of both containers allow to see; the helper names the step that failed. */
async function probe({ place, target, process, request }: Probing): Promise<{ view: View; jailed: boolean }> {
  const args = ['--pid', String(process.pid), '--starttime', process.startTime, '--shell', tools.shell];
  const { stdout, stderr } = await runOnce(place, [tools.helper, 'probe', ...args]);
  const [word = '', ...reason] = stdout.trim().split(' ');
  if (word === 'files-only' && request.requireView !== 'any')
    throw new ScanError(
      'VIEW_PARTIAL',
      `Of ${targetName(target)} only files can be seen from the tools container: ${reason.join(' ')}`,
    );
  if (word === 'full' || word === 'files-only') return { view: word, jailed: reason[0] === 'jailed' };
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `${targetName(target)} cannot be entered from the tools container: ${reason.join(' ') || stderr.trim()}`,
    {
      remedy:
        'The message names the step that was refused and the missing capability; docs/approaches.md has the table.',
    },
  );
}

interface FoundWitness {
  kind: Exclude<Witness, 'target'>;
  /** Of the first process that could reach ours, where one could. */
  pid: string;
}

/** An older helper does not know the question: then nobody vouches for it. */
async function findWitness(place: ExecPlace): Promise<FoundWitness> {
  const { end, stdout } = await runOnce(place, [tools.helper, 'reach', '--shell', tools.shell]);
  const isGuarded = end.kind === 'exited' && end.code === 0 && stdout === 'guarded\n';
  return { kind: isGuarded ? 'guarded' : 'reachable', pid: /^reachable (\d+)$/.exec(stdout.trim())?.[1] ?? 'unknown' };
}

function requireWitness(target: Target, { kind, pid }: FoundWitness, { requireView }: LensRequest): void {
  if (kind === 'guarded' || requireView !== 'guarded') return;
  throw new ScanError(
    'VIEW_PARTIAL',
    `Process ${pid} next to ${targetName(target)} could reach our tools, and require-view is guarded`,
    {
      remedy:
        'Take rights from the containers of the pod, or allow the tools container CAP_WAKE_ALARM; docs/approaches.md has the table.',
    },
  );
}
