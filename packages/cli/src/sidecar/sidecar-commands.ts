// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addInjectCommand } from './inject-command.ts';

/** `cinc-scan sidecar …`: a scanner container that is part of the pod, and what it found. */
export function addSidecarCommands(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const sidecar = program.command('sidecar').summary('scan from a container that is part of the pod');
  addInjectCommand(sidecar, terminal, exit);
}
