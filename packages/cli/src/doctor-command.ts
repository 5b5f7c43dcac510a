// SPDX-License-Identifier: Apache-2.0
import { type Check, doctor } from '@cinc-scan/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import { makeDeps } from './dependencies.ts';
import { addInputs } from './options.ts';
import { addCommonOptions, readValues, toFlags } from './scan-command.ts';
import { type Terminal, usesColor } from './terminal.ts';

/** `cinc-scan doctor`. */
export function addDoctorCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .summary('check each precondition of a scan and say how to mend what fails')
    .description('Checks the engine, the way to the cluster and the permissions in the namespaces. Changes nothing.');
  addInputs(command, ['access', 'run'], ['duration', 'timeout', 'deadline', 'concurrency', 'dry-run', 'run-id']);
  command.option('-n, --namespace <name>', 'namespace of the targets', (item: string, before: string[] | undefined) => [
    ...(before ?? []),
    item,
  ]);
  addCommonOptions(command);
  command.action(async (options: Record<string, unknown>) => {
    const values = readValues(toFlags([], options), options['config'], terminal);
    const emit = () => undefined;
    const deps = makeDeps(values, terminal, { emit, signal: undefined });
    const checks = await doctor({ namespaces: values.namespace, access: values.access }, deps, check =>
      print(check, terminal),
    );
    exit(Math.max(0, ...checks.map(({ result }) => (result.kind === 'bad' ? result.error.exit : 0))));
  });
}

function print({ name, result }: Check, terminal: Terminal): void {
  const { stdout } = terminal;
  const colors = pc.createColors(usesColor(terminal, stdout));
  if (result.kind === 'good') {
    stdout.write(`${colors.green('✓')} ${name}: ${result.text}\n`);
    return;
  }
  stdout.write(`${colors.red('✗')} ${name}: ${result.error.code}: ${result.error.message}\n`);
  for (const line of result.error.remedy.split('\n')) stdout.write(`    ${line}\n`);
}
