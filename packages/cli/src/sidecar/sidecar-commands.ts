// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { addCollectCommand } from './collect-command.ts';
import { addInjectCommand } from './inject-command.ts';
import { addRunCommand } from './run-command.ts';

/** `cinc-scan sidecar …` and `cinc-scan collect`: a scanner container that is part of the pod, and what it found. */
export function addSidecarCommands(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const sidecar = program.command('sidecar').summary('scan from a container that is part of the pod');
  addInjectCommand(sidecar, terminal, exit);
  addRunCommand(sidecar, terminal, exit);
  addCollectCommand(program, terminal, exit);
}
