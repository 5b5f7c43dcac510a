// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Cluster, openExec, parseAnswer, toRefusal } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { containerStatusOf, type Target, targetName } from '../plan/index.ts';
import { podShape } from '../plan/pod.ts';
import { Meter } from './meter.ts';
import { Session, type ShellEntry } from './session.ts';
import type { LensName, View } from './view.ts';

/** A target that is being looked at: everything after this is the same for every lens. */
export interface OpenTarget extends AsyncDisposable {
  target: Target;
  lens: LensName;
  view: View;
  session: Session;
  meter: Meter;
  /** The ephemeral container that stays in the pod, where one was made. */
  leftBehind: string | undefined;
  /** Throws TARGET_CHANGED if the container is no longer the one that was planned. */
  verify(): Promise<void>;
}

export interface LensRequest {
  lens: LensName | 'auto';
}

/** Opens a session into a target with the scanner's identity. */
export async function openTarget(scanner: Cluster, target: Target, _request: LensRequest): Promise<OpenTarget> {
  return openWithExec(scanner, target);
}

// A bare name is looked up in the container's PATH; images without /bin in it, and debug variants of distroless ones,
// have their shell elsewhere.
const shells = ['sh', '/bin/sh', '/busybox/sh', '/bin/bash'];

async function openWithExec(scanner: Cluster, target: Target): Promise<OpenTarget> {
  const verify = () => verifyTarget(scanner, target);
  await verify();
  let missing: ScanError | undefined;
  for (const shell of shells) {
    const meter = new Meter();
    try {
      const session = await Session.open(execEntry({ scanner, target, shell, verify }), meter);
      return {
        target,
        lens: 'exec',
        view: 'full',
        session,
        meter,
        leftBehind: undefined,
        verify,
        [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
      };
    } catch (error) {
      if (!isScanError(error) || error.code !== 'SHELL_MISSING') throw error;
      missing ??= error;
    }
  }
  throw missing ?? new ScanError('SHELL_MISSING', `No shell could be started in ${targetName(target)}`);
}

interface ExecEntry {
  scanner: Cluster;
  target: Target;
  shell: string;
  verify: () => Promise<void>;
}

function execEntry({ scanner, target, shell, verify }: ExecEntry): ShellEntry {
  const { namespace, pod, container } = target;
  const where = { namespace, pod, container };
  return {
    name: targetName(target),
    open: () => openExec(scanner, where, [shell]),
    verify,
    async kill(pid) {
      // The runtime makes an exec'd process the leader of its own session, so the group is all that it started.
      const stream = await openExec(scanner, where, [shell, '-c', `kill -9 -${pid} 2>/dev/null || kill -9 ${pid}`]);
      const timer = setTimeout(() => void stream.close(0), 5000);
      await stream.ended;
      clearTimeout(timer);
    },
  };
}

/** Whether the pod and container are still the ones that were planned: names are used again, uids and ids are not. */
async function verifyTarget(scanner: Cluster, target: Target): Promise<void> {
  const { namespace, pod, podUid, container, containerId, restartCount } = target;
  const what = `pod ${namespace}/${pod}`;
  const answer = await scanner.send({ method: 'GET', path: apiPath('api/v1/namespaces', namespace, 'pods', pod) });
  if (answer.status === 404)
    throw new ScanError('TARGET_CHANGED', `Pod ${namespace}/${pod} was deleted during the scan`);
  if (answer.status !== 200) throw toRefusal(answer, what);
  const now = parseAnswer(answer, podShape, what);
  const status = containerStatusOf(now, container);
  if (now.metadata.uid !== podUid)
    throw new ScanError('TARGET_CHANGED', `Pod ${namespace}/${pod} was replaced by another of the same name`);
  if (status?.containerID !== containerId || status.restartCount !== restartCount)
    throw new ScanError('TARGET_CHANGED', `Container ${targetName(target)} was restarted during the scan`);
}
