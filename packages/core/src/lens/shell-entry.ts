// SPDX-License-Identifier: Apache-2.0
import type { ExecStream } from '../cluster/index.ts';

/** What a session needs of a running shell: bytes in, bytes out on two channels, one end. */
export type ShellStream = Pick<ExecStream, 'ended' | 'onStdout' | 'onStderr' | 'write' | 'close'>;

/** How a shell with the target's view is opened, and what is known of it from outside. */
export interface ShellEntry {
  /** For messages: `namespace/pod/container`. */
  name: string;
  open(): Promise<ShellStream>;
  /** The words that start the shell again within it. */
  shell: readonly string[];
  /** Ends a shell that is busy, with all it started; best effort, by a stream of its own. */
  kill(pid: number): Promise<void>;
  /** Throws TARGET_CHANGED if the container is no longer the one that was planned. */
  verify(): Promise<void>;
  /** What a new shell has to know first: definitions, without output. */
  prelude?: string | undefined;
  /** What a command has to say in this shell in order to mean the target, or CommandRefused. */
  translate?: ((command: string) => string) | undefined;
  /** Begins a line of standard error that says what was refused while a command ran. */
  mark?: string | undefined;
}
