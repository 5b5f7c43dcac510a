// SPDX-License-Identifier: Apache-2.0
import { environmentName, isScanError, readVariable, ScanError } from '@cinc-scan/core';
import { Command, CommanderError } from 'commander';
import { toolVersion } from './dependencies.ts';
import { printFailure } from './failure.ts';
import { toTerminal } from './make-terminal.ts';
import type { Surroundings, Terminal } from './terminal.ts';

type AddCommand = (program: Command, terminal: Terminal, exit: (code: number) => void) => void;

const identity = async () => (await import('./identity-commands.ts')).addIdentityCommands;

/** By the words that begin them, in the order of the help. Loaded when asked for: all together take a third of a second. */
const commands: Record<string, () => Promise<AddCommand>> = {
  scan: async () => (await import('./scan-command.ts')).addScanCommand,
  doctor: async () => (await import('./doctor-command.ts')).addDoctorCommand,
  gate: async () => (await import('./gate-command.ts')).addGateCommand,
  report: async () => (await import('./report-command.ts')).addReportCommand,
  outputs: async () => (await import('./outputs/outputs-command.ts')).addOutputsCommand,
  init: async () => (await import('./init-command.ts')).addInitCommand,
  migrate: async () => (await import('./migrate/migrate-command.ts')).addMigrateCommand,
  threshold: async () => (await import('./threshold-command.ts')).addThresholdCommand,
  attest: async () => (await import('./attest-command.ts')).addAttestCommand,
  consolidate: async () => (await import('./consolidate/consolidate-command.ts')).addConsolidateCommand,
  companion: async () => (await import('./consolidate/companion-command.ts')).addCompanionCommand,
  serve: async () => (await import('./serve-command.ts')).addServeCommand,
  profile: async () => (await import('./profile-commands.ts')).addProfileCommands,
  grant: identity,
  revoke: identity,
  sweep: identity,
  access: identity,
  sidecar: async () => (await import('./sidecar/sidecar-commands.ts')).addSidecarCommands,
};

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
  const program = await makeProgram(args[0], terminal, given => {
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
  if (command.name() === 'scan') {
    const { writeFailedScan } = await import('./scan-command.ts');
    await writeFailedScan(failure, command.opts(), terminal);
  }
  if (command.name() === 'consolidate') {
    const { writeFailedConsolidation } = await import('./consolidate/consolidate-command.ts');
    await writeFailedConsolidation(failure, command.opts(), terminal);
  }
}

/** All of them where none is named: for the help, and for what was meant. */
function loadersFor(word: string | undefined) {
  const load = word !== undefined && Object.hasOwn(commands, word) ? commands[word] : undefined;
  return load === undefined ? [...new Set(Object.values(commands))] : [load];
}

async function makeProgram(
  word: string | undefined,
  terminal: Terminal,
  exit: (code: number) => void,
): Promise<Command> {
  const program = new Command('cinc-scan')
    .description(
      'Audits what runs inside Kubernetes containers with CINC Auditor profiles. A finding is a result; whatever prevented looking is an error.',
    )
    .version(toolVersion())
    .showSuggestionAfterError()
    .addHelpText('after', epilogue);
  for (const add of await Promise.all(loadersFor(word).map(load => load()))) add(program, terminal, exit);
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
