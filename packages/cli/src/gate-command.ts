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
  ScanError,
  toFileGate,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { addInputs } from './options.ts';
import { addCommonOptions, readValues, toFlags } from './scan-command.ts';
import type { Terminal } from './terminal.ts';

type Options = Record<string, unknown>;

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

/** The result files; several, after one flag or each after its own. */
export function addResults(command: Command): void {
  command.requiredOption('-i, --results <file...>', 'result files that the auditor or cinc-scan wrote');
}

/** The inputs of the gate as scans have them, and the threshold by what it is. */
export function addGateOptions(command: Command): void {
  addInputs(command, ['gate'], ['threshold']);
  command
    .option('-T, --threshold-file <file>', 'threshold: a file')
    .option('-I, --threshold-inline <text>', 'threshold: inline bounds, or a bare number for compliance.min')
    .option('--allow-empty', 'accept results without controls, from tools that list findings alone');
}

/** What was asked for as a gate. */
export function readGate(options: Options, terminal: Terminal): ReturnType<typeof toFileGate> {
  const [thresholdFile, thresholdInline] = [
    textOption(options, 'thresholdFile'),
    textOption(options, 'thresholdInline'),
  ];
  if (thresholdFile !== undefined && thresholdInline !== undefined)
    throw new ScanError('USAGE', 'Give the threshold once: -T takes a file, -I takes bounds');
  // Of a scan it means selectors that match nothing; a file without controls is something else.
  const { allowEmpty, ...inputs } = options;
  const values = readValues(toFlags([], inputs), options['config'], terminal);
  return toFileGate(values, { thresholdFile, thresholdInline, allowEmpty: allowEmpty === true, now: new Date() });
}

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function textsOption(options: Options, name: string): string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : [];
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
