// SPDX-License-Identifier: Apache-2.0
import {
  explain,
  type GivenResult,
  gateFiles,
  readResult,
  renderGate,
  renderGateJson,
  renderRefusal,
  renderRefusalJson,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { addGateOptions, addResults, type Options, readGate, textsOption } from './result-options.ts';
import { addCommonOptions } from './scan-command.ts';
import type { Terminal } from './terminal.ts';

const examples = `
Examples:
  Judge result files against a threshold of the SAF CLI; the worst of them decides:
    cinc-scan gate -i results/*.json -T threshold.yml

  Fail on any failed or errored control of high severity or above, and on what got worse:
    cinc-scan gate -i results.json --fail-on high --baseline earlier.json

  See how every control was counted:
    cinc-scan gate -i results.json -I 90 --explain

Exit codes: 0 met; 3 not met; 2 nothing was judged (threshold, baseline or results of no use).`;

/** `cinc-scan gate`. */
export function addGateCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('gate')
    .summary('judge existing result files, without a cluster')
    .description(
      'Judges result files (HDF, exec-JSON) against a threshold, a baseline or both. Every bound is enforced, refused, or reported as not enforced.',
    )
    .addHelpText('after', examples);
  command.optionsGroup('What to judge:');
  addResults(command);
  addGateOptions(command);
  command
    .optionsGroup('What to say:')
    .option('--explain', 'print how every control got its status and severity')
    .option('--json', 'print the answer as JSON');
  addCommonOptions(command);
  command.action((options: Options) => exit(runGate(options, terminal)));
}

const missing = {
  reason: 'spec-missing',
  problems: [{ reason: 'spec-missing', message: 'give a threshold (-T, -I), --baseline or --fail-on' }],
} as const;

function runGate(options: Options, terminal: Terminal): number {
  const { stdout, stderr } = terminal;
  const isJson = options['json'] === true;
  const asked = readGate(options, terminal);
  if (asked.kind !== 'gate') {
    const { reason, problems } = asked.kind === 'none' ? missing : asked;
    if (isJson) stdout.write(renderRefusalJson({ reason, problems: [...problems] }));
    else stderr.write(renderRefusal({ reason, problems: [...problems] }));
    return 2;
  }
  const given = textsOption(options, 'results').map(readResult);
  const verdict = gateFiles(given, asked.gate);
  const explained = options['explain'] === true ? explainAll(given, asked.gate.options) : undefined;
  stdout.write((isJson ? renderGateJson : renderGate)(verdict, explained));
  return verdict.exitCode;
}

function explainAll(given: GivenResult[], options: Parameters<typeof explain>[1]): Map<string, string[]> {
  return new Map(
    given.flatMap(each => (each.kind === 'result' ? [[each.name, explain(each.outcome.hdf, options)]] : [])),
  );
}
