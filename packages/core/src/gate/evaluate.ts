// SPDX-License-Identifier: Apache-2.0
import type { Hdf } from '../outcome/hdf.ts';
import { checkBounds } from './check.ts';
import { addCounts, countSet, toCompliance, toCounts } from './count.ts';
import { effectiveOptions, type GateOptions, type Judgement, refused } from './judgement.ts';
import { type Reason, reasons } from './reasons.ts';
import { selectChecked } from './select.ts';
import type { Threshold } from './spec.ts';
import { findWarnings } from './warnings.ts';

/** Judges one result file against one threshold. Pure. */
export function evaluate(hdf: Hdf, threshold: Threshold, options: GateOptions): Judgement {
  const effective = effectiveOptions(options);
  if (effective.strict && threshold.notEnforced.length > 0)
    return refused(
      'spec-unknown-key',
      `read without strict: ${threshold.notEnforced.join(', ')} would not be enforced`,
    );
  const selection = selectChecked(hdf, effective);
  if (selection.kind === 'refused') return refused(selection.reason, selection.problem);
  const sets = selection.sets.map(set => {
    const controls = countSet(set, effective);
    return { profile: set.profile.name, controls, counts: toCounts(controls) };
  });
  const bounded = sets.map(set => checkBounds({ ...set, threshold, rounding: effective.rounding }));
  const violations = bounded.flatMap(set => set.violations);
  const reason: Reason = violations.length > 0 ? 'below-threshold' : 'pass';
  const counts = addCounts(sets.map(set => set.counts));
  const controls = sets.flatMap(set => set.controls);
  return {
    exit: reasons[reason],
    reason,
    violations,
    warnings: findWarnings({ hdf, threshold, options: effective, selection, controls, bounded }),
    counts,
    compliance: toCompliance(counts),
    controls,
  };
}
