// SPDX-License-Identifier: Apache-2.0
import {
  explain,
  type GivenResult,
  gateFiles,
  readResult,
  renderGate,
  renderGateJson,
  renderRefusalJson,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { commonOptions } from './common-options.ts';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { gateOptions, readGate, resultOptions } from './result-options.ts';
import { tellNotice, tellRefusal } from './tell-why.ts';
import type { Terminal } from './terminal.ts';

const examples = `
Examples:
  Judge result files against a threshold of the SAF CLI; the worst of them decides:
    cinc-scan gate -i results/*.json -T threshold.yml

  Fail on any failed or errored control of high severity or above, and on what got worse:
    cinc-scan gate -i results.json --fail-on high --baseline earlier.json

  See how every control was counted:
    cinc-scan gate -i results.json -I 90 --explain

Exit codes: 0 met; 3 not met; 2 nothing was judged (threshold, baseline or results are not usable).`;

const optionSet = new OptionSet()
  .heading('What to judge:')
  .and(resultOptions())
  .and(gateOptions)
  .heading('What to print:')
  .option('--explain', 'print how every control got its status and severity')
  .option('--json', 'print the answer as JSON')
  .and(commonOptions);

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan gate`. */
export function addGateCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('gate')
    .summary('judge existing result files, without a cluster')
    .description(
      'Judges result files (HDF, exec-JSON) against a threshold, a baseline or both. Every bound is enforced, refused, or reported as not enforced.',
    )
    .addHelpText('after', examples);
  const given = optionSet.addTo(command);
  command.action(() => exit(runGate(given(), terminal)));
}

const missing = {
  reason: 'spec-missing',
  problems: [{ reason: 'spec-missing', message: 'give a threshold (-T, -I), --baseline or --fail-on' }],
} as const;

function runGate(options: Options, terminal: Terminal): number {
  const { stdout } = terminal;
  const isJson = options.json === true;
  const asked = readGate(options, terminal);
  if (asked.kind !== 'gate') {
    const { reason, problems } = asked.kind === 'none' ? missing : asked;
    if (isJson) stdout.write(renderRefusalJson({ reason, problems: [...problems] }));
    else tellRefusal({ reason, problems: [...problems] }, terminal);
    return 2;
  }
  const given = options.results.map(readResult);
  for (const each of given)
    if (each.kind === 'result' && each.note !== undefined) tellNotice(`! ${each.name} ${each.note}`, terminal);
  const verdict = gateFiles(given, asked.gate);
  const explained = options.explain === true ? explainAll(given, asked.gate.options) : undefined;
  stdout.write((isJson ? renderGateJson : renderGate)(verdict, explained));
  return verdict.exitCode;
}

function explainAll(given: GivenResult[], options: Parameters<typeof explain>[1]): Map<string, string[]> {
  return new Map(
    given.flatMap(each => (each.kind === 'result' ? [[each.name, explain(each.outcome.hdf, options)]] : [])),
  );
}
