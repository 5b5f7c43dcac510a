// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity } from '../../../findings/index.ts';

/** Classes of the style sheet, and names in the palette. */
export const severityLetters = {
  critical: 'f',
  high: 'f',
  medium: 's',
  low: 'w',
  none: 'n',
  unknown: 'n',
} as const satisfies Record<FindingSeverity, string>;
