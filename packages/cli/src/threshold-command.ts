// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import {
  gateDefaults,
  generateThreshold,
  readResult,
  type renderRefusal,
  ScanError,
  writeAtomic,
} from '@cinc-scan/core';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { tellRefusal } from './tell-why.ts';
import type { Terminal } from './terminal.ts';

const optionSet = new OptionSet()
  .option('-i, --results <file>', 'result file written by the auditor or cinc-scan', { required: true })
  .option('--margin <number>', 'tolerance: number of controls, and points of compliance', { default: '0' })
  .option('--all-profiles', 'count every profile of the result, not only the first')
  .option('-o, --output <file>', 'where to write it (default: standard output)');

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan threshold generate`. */
export function addThresholdCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('threshold')
    .summary('make thresholds from results')
    .command('generate')
    .summary('write a threshold that these results just meet')
    .description(
      'Writes a threshold file that the results just meet: anything worse violates it; with a margin, anything worse by more than that.',
    );
  const given = optionSet.addTo(command);
  command.action(async () => exit(await runGenerate(given(), terminal)));
}

async function runGenerate(options: Options, terminal: Terminal): Promise<number> {
  const margin = parseMargin(options.margin);
  const given = readResult(options.results);
  if (given.kind === 'refused') return refuse(given.reason, `${given.name}: ${given.problem}`, terminal);
  const profiles = options.allProfiles === true ? 'all' : 'first';
  const generated = generateThreshold(given.outcome.hdf, { ...gateDefaults(new Date()), profiles, margin });
  if (generated.kind === 'refused') return refuse(generated.reason, `${given.name}: ${generated.problem}`, terminal);
  const { output } = options;
  if (output === undefined) terminal.data.write(generated.text);
  else await writeAtomic(resolve(terminal.cwd, output), generated.text, terminal.cwd);
  return 0;
}

function parseMargin(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ScanError('INPUT_INVALID', `--margin: expected a whole number, got ${JSON.stringify(text)}`);
}

function refuse(reason: Parameters<typeof renderRefusal>[0]['reason'], message: string, terminal: Terminal): number {
  tellRefusal({ reason, problems: [{ reason, message }] }, terminal);
  return 2;
}
