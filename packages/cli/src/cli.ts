// SPDX-License-Identifier: Apache-2.0
import { environmentName, isScanError, readVariable, ScanError } from '@cinc-scan/core';
import { Command, CommanderError } from 'commander';
import { addAttestCommand } from './attest-command.ts';
import { addCompanionCommand } from './consolidate/companion-command.ts';
import {
  addConsolidateCommand,
  type ConsolidateOptions,
  writeFailedConsolidation,
} from './consolidate/consolidate-command.ts';
import { toolVersion } from './dependencies.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { printFailure } from './failure.ts';
import { addGateCommand } from './gate-command.ts';
import { addIdentityCommands } from './identity-commands.ts';
import { addInitCommand } from './init-command.ts';
import { toTerminal } from './make-terminal.ts';
import { addMigrateCommand } from './migrate/migrate-command.ts';
import { addOutputsCommand } from './outputs/outputs-command.ts';
import { addProfileCommands } from './profile-commands.ts';
import { addReportCommand } from './report-command.ts';
import { addScanCommand, type ScanOptions, writeFailedScan } from './scan-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addSidecarCommands } from './sidecar/sidecar-commands.ts';
import type { Surroundings, Terminal } from './terminal.ts';
import { addThresholdCommand } from './threshold-command.ts';

const epilogue = `
Start here:
  cinc-scan doctor -n <namespace>
  cinc-scan scan deployment/<name> -n <namespace> --profile <directory>`;

/** Runs the command line; the result is the exit code. */
export const runCli = (args: string[], surroundings: Surroundings): Promise<number> =>
  runOn(args, toTerminal(surroundings, args));

/** The same on a terminal that was made already. */
export async function runOn(args: string[], terminal: Terminal): Promise<number> {
  let code = 0;
  const program = makeProgram(terminal, given => {
    code = given;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version end this way too
    const failure = error instanceof CommanderError ? toUsageError(error) : error;
    const command = program.commands.find(each => each.name() === args[0]);
    if (command !== undefined && isScanError(failure)) await writeFailed(command, failure, terminal);
    return printFailure(failure, terminal, isDebug(args, terminal));
  }
}

/** For the next step of a pipeline: why there is no result. */
async function writeFailed(command: Command, failure: ScanError, terminal: Terminal): Promise<void> {
  if (command.name() === 'scan') await writeFailedScan(failure, command.opts<ScanOptions>(), terminal);
  if (command.name() === 'consolidate')
    await writeFailedConsolidation(failure, command.opts<ConsolidateOptions>(), terminal);
}

function makeProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const program = new Command('cinc-scan')
    .description(
      'Audits what runs inside Kubernetes containers with CINC Auditor profiles. A finding is a result; whatever prevented looking is an error.',
    )
    .version(toolVersion())
    .showSuggestionAfterError()
    .addHelpText('after', epilogue);
  addScanCommand(program, terminal, exit);
  addDoctorCommand(program, terminal, exit);
  addGateCommand(program, terminal, exit);
  addReportCommand(program, terminal, exit);
  addOutputsCommand(program, terminal, exit);
  addInitCommand(program, terminal, exit);
  addMigrateCommand(program, terminal, exit);
  addThresholdCommand(program, terminal, exit);
  addAttestCommand(program, terminal, exit);
  addConsolidateCommand(program, terminal, exit);
  addCompanionCommand(program, terminal, exit);
  addServeCommand(program, terminal, exit);
  addProfileCommands(program, terminal, exit);
  addIdentityCommands(program, terminal, exit);
  addSidecarCommands(program, terminal, exit);
  for (const command of withDescendants(program))
    command.exitOverride().configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: () => undefined, // errors are printed once, in our own form
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
    });
  return program;
}

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}

function toUsageError(error: CommanderError): ScanError {
  const message = error.message.replace(/^error: /, '').replace(/^\(outputHelp\)$/, 'no command was given');
  return new ScanError('USAGE', message, { cause: error });
}

/** Whether errors are told with their causes. */
export function isDebug(args: string[], { environment }: Terminal): boolean {
  return args.includes('--debug') || readVariable(environment, environmentName('log-level')) === 'debug';
}
