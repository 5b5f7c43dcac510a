// SPDX-License-Identifier: Apache-2.0
// A shell of ours that has the target's root directory is still a process of its own container: what it says of itself,
// of its mounts and of the processes around it would not be true of the target.
import type { ProcessRef } from './process-ref.ts';
import { CommandRefused } from './refusal.ts';

/** `self` is the target. Open files stay those of the one who asks: scripts read their own input by them. */
export function meanTarget({ pid, jailed = false }: ProcessRef): (command: string) => string {
  const mean = (command: string) =>
    command
      .replaceAll(/(?<![\w/])\/proc\/(?:thread-)?self(?=\/)(?!\/(?:fd|task)\b)/g, `/proc/${pid}`)
      .replaceAll(/(?<![\w/])\/proc\/\$(?:\$|PPID\b)(?=\/mount)/g, `/proc/${pid}`)
      .replaceAll(/(?<![\w/])\/proc\/mounts\b/g, `/proc/${pid}/mounts`)
      // Elsewhere it may be meant as the link that it is.
      .replaceAll(/(<\s*)\/etc\/mtab\b/g, `$1/proc/${pid}/mounts`);
  return command => (jailed ? refuseMounts(mean(command), pid) : mean(command));
}

/** A process with a root directory of its own shows a mount table that says nothing of the container. */
function refuseMounts(text: string, pid: number): string {
  if (new RegExp(`/proc/${pid}/mount(?:s|info|stats)\\b`).test(text))
    throw new CommandRefused(
      'the mounts of the target cannot be seen by the tools container: its process gave up its root directory',
    );
  return text;
}
