// SPDX-License-Identifier: Apache-2.0
import { type AskedGate, ScanError, toFileGate, type Values } from '@cinc-scan/core';
import { OptionSet, type ParsedBy } from './option-set.ts';
import { readValues } from './read-values.ts';
import type { Terminal } from './terminal.ts';
import { type FlagOptions, toFlags } from './to-flags.ts';

/** The result files; several, after one flag or each after its own. */
export const resultOptions = (help = 'result files written by the auditor or cinc-scan') =>
  new OptionSet().option('-i, --results <file...>', help, { required: true });

/** The threshold by what it is. */
export const thresholdOptions = (help = 'threshold file') =>
  new OptionSet()
    .option('-T, --threshold-file <file>', help)
    .option('-I, --threshold-inline <text>', 'threshold: inline bounds, or a bare number for compliance.min');

/** Scans have it under this name: they tell a file from bounds by looking, which SAF's flags do not. */
function refuseThreshold(): never {
  throw new ScanError('USAGE', "unknown option '--threshold'; result files are judged by -T FILE or -I BOUNDS");
}

/** The inputs of the gate as scans have them, and the threshold by what it is. */
export const gateOptions = new OptionSet()
  .inputs(['gate'], ['threshold'])
  .refusing('--threshold <value>', refuseThreshold)
  .and(thresholdOptions())
  .option('--allow-empty', 'accept results without controls, from tools that list findings alone');

type GateOptions = FlagOptions & ParsedBy<ReturnType<typeof thresholdOptions>>;

/** What was asked for as a gate. */
export function readGate(options: GateOptions, terminal: Terminal): AskedGate {
  // Of a scan `allow-empty` means selectors that match nothing; a file without controls is something else.
  const { thresholdFile, thresholdInline, allowEmpty, ...inputs } = options;
  const values = readValues(toFlags([], inputs), inputs.config, terminal);
  return toAskedGate(values, { thresholdFile, thresholdInline, allowEmpty });
}

type ThresholdFlags = ParsedBy<ReturnType<typeof thresholdOptions>> & { allowEmpty?: true | undefined };

/** The same of values that were read already. */
export function toAskedGate(values: Values, flags: ThresholdFlags): AskedGate {
  const { thresholdFile, thresholdInline, allowEmpty } = flags;
  if (thresholdFile !== undefined && thresholdInline !== undefined)
    throw new ScanError('USAGE', 'Give the threshold once: -T takes a file, -I takes bounds');
  return toFileGate(values, { thresholdFile, thresholdInline, allowEmpty: allowEmpty === true, now: new Date() });
}
