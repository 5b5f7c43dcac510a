// SPDX-License-Identifier: Apache-2.0

import { CORE_SCHEMA, dump } from 'js-yaml';
import type { Hdf } from '../outcome/index.ts';
import { bucketSeverities } from '../request/index.ts';
import { type Compliance, countSet, numberControls, toCompliance, toCounts } from './count.ts';
import { effectiveOptions, type GateOptions } from './judgement.ts';
import type { Reason } from './reasons.ts';
import { selectChecked } from './select.ts';

export interface GenerateOptions extends GateOptions {
  /** Room for worse: percentage points of compliance, and controls for every count. */
  margin: number;
}

export type Generated = { kind: 'threshold'; text: string } | { kind: 'refused'; reason: Reason; problem: string };

/** A threshold file that these results just meet: without a margin, any control that gets worse violates it. */
export function generateThreshold(hdf: Hdf, options: GenerateOptions): Generated {
  const effective = { ...effectiveOptions(options), margin: options.margin };
  const selection = selectChecked(hdf, effective);
  if (selection.kind === 'refused') return selection;
  const numbers = numberControls(hdf);
  const sets = selection.sets.map(set => toCounts(countSet(set, numbers, effective)));
  const { margin } = effective;
  const most = (status: 'failed' | 'error' | 'skipped', bucket: string) =>
    Math.max(...sets.map(counts => counts[status][bucket] ?? 0)) + margin;
  const bySeverity = (status: 'failed' | 'error') =>
    Object.fromEntries(bucketSeverities.map(bucket => [bucket, { max: most(status, bucket) }]));
  const passed = Math.max(0, Math.min(...sets.map(counts => counts.passed.total)) - margin);
  const document = {
    compliance: { min: Math.max(0, Math.min(...sets.map(counts => floor(toCompliance(counts)))) - margin) },
    passed: { total: { min: passed } },
    failed: { total: { max: most('failed', 'total') }, ...bySeverity('failed') },
    error: { total: { max: most('error', 'total') }, ...bySeverity('error') },
    skipped: { total: { max: most('skipped', 'total') } },
  };
  return { kind: 'threshold', text: dump(document, { schema: CORE_SCHEMA }) };
}

/** Met with and without rounding to a whole percent. */
const floor = ({ rounded, percent }: Compliance) => Math.min(rounded, percent ?? 0);
