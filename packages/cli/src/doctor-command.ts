// SPDX-License-Identifier: Apache-2.0
import { type Check, doctor, parseSelector } from '@cinc-scan/core';
import type { Command } from 'commander';
import pc from 'picocolors';
import { listenForCancel } from './cancel.ts';
import { commonOptions } from './common-options.ts';
import { makeDeps } from './dependencies.ts';
import { OptionSet } from './option-set.ts';
import { makeProgress } from './progress.ts';
import { readValues } from './read-values.ts';
import { type Terminal, usesColor } from './terminal.ts';
import { toFlags } from './to-flags.ts';

const optionSet = new OptionSet()
  .inputs(['access', 'run'], ['duration', 'timeout', 'deadline', 'concurrency', 'dry-run', 'run-id'])
  .option('-n, --namespace <name>', 'namespace of the targets', { repeatable: true })
  .and(commonOptions);

/** `cinc-scan doctor`. */
export function addDoctorCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .summary('check each precondition of a scan and say how to fix what fails')
    .description(
      'Checks the engine, the jail that profile code would run in, the connection to the cluster, the namespaces and the permissions in them: those that a scan of the named targets needs, or of any kind of workload if no target is named. Changes nothing.',
    )
    .argument('[target...]', 'what to scan: a pod, kind/name, or labels as for `cinc-scan scan`');
  const given = optionSet.addTo(command);
  command.action(async (targets: string[]) => {
    const options = given();
    const values = readValues(toFlags(targets, options), options.config, terminal);
    using cancel = listenForCancel(terminal);
    await using deps = makeDeps(values, terminal, { emit: makeProgress(values, terminal), signal: cancel.signal });
    const request = {
      namespaces: values.namespace,
      access: values.access,
      selectors: values.targets.map(parseSelector),
      accountNamespace: values['grant-namespace'],
      requireJail: values['require-jail'],
    };
    const checks = await doctor(request, deps, check => print(check, terminal));
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
