// SPDX-License-Identifier: Apache-2.0
import { readBounded } from '../request/index.ts';
import { decodeThreshold } from './document.ts';
import { type Refused, refuse, type ThresholdOptions } from './spec.ts';
import { type ParsedThresholdFile, parseThresholdFile } from './threshold-set.ts';

// The parser says what is too large; reading stops a little later.
const mostBytes = 131_072;

/** Reads a threshold file, whatever is wrong with it told as the gate tells it. */
export function readThresholdFile(path: string, options: ThresholdOptions): ParsedThresholdFile {
  const read = readBounded(path, mostBytes);
  if (read.kind === 'unreadable') return unreadable(read.problem);
  const decoded = decodeThreshold(read.bytes);
  return decoded.kind === 'refused' ? decoded : parseThresholdFile(decoded.text, options);
}

const unreadable = (problem: string): Refused => refuse({ reason: 'spec-unreadable', message: problem });
