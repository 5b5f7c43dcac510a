// SPDX-License-Identifier: Apache-2.0
import { type AskedGate, ScanError, toFileGate } from '@cinc-scan/core';
import type { Command } from 'commander';
import { addInputs } from './options.ts';
import { readValues, toFlags } from './scan-command.ts';
import type { Terminal } from './terminal.ts';

export type Options = Record<string, unknown>;

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
export function readGate(options: Options, terminal: Terminal): AskedGate {
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
