// SPDX-License-Identifier: Apache-2.0
// The edge: the one place that opens what the inputs of a user name.
import { readFileSync } from 'node:fs';
import { ScanError, toMessage } from '../../errors/index.ts';
import { readThresholdInput, type Values } from '../../request/index.ts';
import { openBaseline } from '../../results/index.ts';
import type { Contents, NamedText } from './contents.ts';

/** Reads the files that these values name. Throws INPUT_INVALID, WAIVER_INVALID or THRESHOLD_INVALID. */
export function readContents(values: Values): Contents {
  const { threshold, baseline, waivers } = values;
  return {
    threshold: threshold === undefined ? undefined : readThresholdInput(threshold),
    waivers: waivers.map(path => readNamed(path, 'waivers', 'WAIVER_INVALID')),
    inputFiles: readInputFiles(values),
    baseline: baseline === undefined ? undefined : openBaseline(baseline),
    profiles: new Map(),
  };
}

/** Those that profiles are read with. */
export function readInputFiles({ 'input-file': paths }: Values): NamedText[] {
  return paths.map(path => readNamed(path, 'input-file', 'INPUT_INVALID'));
}

function readNamed(path: string, input: string, code: 'INPUT_INVALID' | 'WAIVER_INVALID'): NamedText {
  try {
    return { name: path, content: readFileSync(path, 'utf8') };
  } catch (error) {
    const remedy = 'Check that the path is that of a file which you may read.';
    throw new ScanError(code, `${input} ${path} cannot be read: ${toMessage(error)}`, { cause: error, remedy });
  }
}
