// SPDX-License-Identifier: Apache-2.0
import { Writable } from 'node:stream';
import { countOomKills, killProcess } from './cgroup.ts';
import { ignoreErrors, type Launched, type Place } from './launch.ts';
import { type RuncChild, startRunc } from './runc-command.ts';
import { CannotStart, type ExecProcess } from './runtime.ts';

/**
 * Runs a command in a container, as the container's user. The words of a refusal are those that containerd puts after
 * `failed to exec in container: failed to start exec "<id>": `.
 */
export async function execIn(
  place: Place,
  container: Launched,
  request: { command: string[]; stdin: boolean },
): Promise<ExecProcess> {
  const killsBefore = await countOomKills(place.cgroups, container.cgroupsPath);
  const result = await startRunc({
    stateDir: place.stateDir,
    command: 'exec',
    args: [container.id],
    stdio: [request.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    process: { ...container.process, args: request.command },
  });
  if (result.kind === 'refused') {
    throw new CannotStart(`OCI runtime exec failed: ${result.message}`);
  }
  const { runc } = result;
  const ended = runc.ended.then(async end => {
    const kills = end.exitCode === 137 ? await countOomKills(place.cgroups, container.cgroupsPath) : 0;
    return { ...end, oomKilled: kills > killsBefore };
  });
  ignoreErrors(runc.child.stdin);
  return {
    stdin: runc.child.stdin ?? nowhere(),
    stdout: runc.stdout,
    stderr: runc.stderr,
    ended,
    kill: () => killBoth(runc),
  };
}

/**
 * runc would wait for children of the killed process that still hold its output, as long as they like:
 * it is ended too, and what these children do is the container's business.
 */
function killBoth(runc: RuncChild): void {
  if (runc.child.exitCode === null && runc.child.signalCode === null) {
    killProcess(runc.pid, 'SIGKILL');
    runc.child.kill('SIGKILL');
  }
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
