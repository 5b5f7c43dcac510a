// SPDX-License-Identifier: Apache-2.0
import type { Cluster } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import { type Target, targetName } from '../plan/index.ts';
import { Meter } from './meter.ts';
import type { OpenTarget } from './open-target.ts';
import { Session } from './session.ts';
import { execPlace, toShellEntry } from './shell.ts';
import { getUnchangedPod } from './verify.ts';

// A bare name is looked up in the container's PATH; images without /bin in it, and debug variants of distroless ones,
// have their shell elsewhere.
const shells = ['sh', '/bin/sh', '/busybox/sh', '/bin/bash'];

/** Looks into a target with its own shell. Throws SHELL_MISSING only where the runtime says that there is none. */
export async function openWithExec(scanner: Cluster, target: Target): Promise<OpenTarget> {
  const { namespace, pod, container } = target;
  const verify = async () => void (await getUnchangedPod(scanner, target));
  await verify();
  let missing: ScanError | undefined;
  for (const shell of shells) {
    const meter = new Meter();
    const entry = {
      place: execPlace(scanner, { namespace, pod, container }),
      name: targetName(target),
      command: [shell],
      shell: [shell],
      killShell: [shell],
      verify,
    };
    try {
      const session = await Session.open(toShellEntry(entry), meter);
      return {
        target,
        lens: 'exec',
        view: 'full',
        witness: 'target',
        filesOf: undefined,
        session,
        commands: session,
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
