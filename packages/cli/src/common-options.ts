// SPDX-License-Identifier: Apache-2.0
import { OptionSet } from './option-set.ts';

/** Options that every command with inputs has. */
export const commonOptions = new OptionSet()
  .heading('Other:')
  .option('--config <file>', 'configuration file (default: cinc-scan.yml if there is one)')
  .option('-q, --quiet', 'the same as --log-level quiet')
  .option('-v, --verbose', 'the same as --log-level verbose')
  .option('--debug', 'the same as --log-level debug; errors with their causes');
