// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { gateDefaults, generateThreshold, readResult, renderRefusal, ScanError, writeAtomic } from '@cinc-scan/core';
import type { Command } from 'commander';
import { type Options, textOption } from './result-options.ts';
import type { Terminal } from './terminal.ts';

/** `cinc-scan threshold generate`. */
export function addThresholdCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program.command('threshold').summary('thresholds from results');
  command
    .command('generate')
    .summary('write a threshold that these results just meet')
    .description(
      'Writes a threshold file that the results just meet: whatever gets worse violates it. With a margin, whatever gets worse by more.',
    )
    .requiredOption('-i, --results <file>', 'result file that the auditor or cinc-scan wrote')
    .option('--margin <number>', 'room for worse: controls, and points of compliance', '0')
    .option('--all-profiles', 'count every profile of the result, not only the first')
    .option('-o, --output <file>', 'where to write it (default: standard output)')
    .action(async (options: Options) => exit(await runGenerate(options, terminal)));
}

async function runGenerate(options: Options, terminal: Terminal): Promise<number> {
  const margin = parseMargin(textOption(options, 'margin') ?? '0');
  const given = readResult(textOption(options, 'results') ?? '');
  if (given.kind === 'refused') return refuse(given.reason, `${given.name}: ${given.problem}`, terminal);
  const profiles = options['allProfiles'] === true ? 'all' : 'first';
  const generated = generateThreshold(given.outcome.hdf, { ...gateDefaults(new Date()), profiles, margin });
  if (generated.kind === 'refused') return refuse(generated.reason, `${given.name}: ${generated.problem}`, terminal);
  const output = textOption(options, 'output');
  if (output === undefined) terminal.stdout.write(generated.text);
  else await writeAtomic(resolve(terminal.cwd, output), generated.text, terminal.cwd);
  return 0;
}

function parseMargin(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new ScanError('INPUT_INVALID', `--margin: expected a whole number, got ${JSON.stringify(text)}`);
}

function refuse(reason: Parameters<typeof renderRefusal>[0]['reason'], message: string, terminal: Terminal): number {
  terminal.stderr.write(renderRefusal({ reason, problems: [{ reason, message }] }));
  return 2;
}
