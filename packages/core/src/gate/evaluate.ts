// SPDX-License-Identifier: Apache-2.0
import type { Hdf } from '../outcome/index.ts';
import { checkBounds } from './check.ts';
import { addCounts, countSet, numberControls, toCompliance, toCounts } from './count.ts';
import { effectiveOptions, type GateOptions, type JudgedUnder, type Judgement, refused } from './judgement.ts';
import { type Reason, reasons } from './reasons.ts';
import { selectChecked } from './select.ts';
import type { Threshold } from './spec.ts';
import { enforceUnbounded, findUnbounded } from './unbounded.ts';
import { findWarnings } from './warnings.ts';

/** Judges one result file against one threshold. Pure. */
export function evaluate(hdf: Hdf, threshold: Threshold, options: GateOptions): Judgement {
  const effective = effectiveOptions(options);
  const under: JudgedUnder = { options: effective, bounds: Object.fromEntries(threshold.bounds) };
  if (effective.strict && threshold.notEnforced.length > 0)
    return refused(under, {
      reason: 'spec-unknown-key',
      problem: `read without strict: ${threshold.notEnforced.join(', ')} would not be enforced`,
    });
  const selection = selectChecked(hdf, effective);
  if (selection.kind === 'refused') return refused(under, selection);
  const numbers = numberControls(hdf);
  const sets = selection.sets.map(set => {
    const controls = countSet(set, numbers, effective);
    return { profile: set.profile.name, controls, counts: toCounts(controls) };
  });
  const bounded = sets.map(set => checkBounds({ ...set, threshold, rounding: effective.rounding }));
  const missed = bounded.flatMap(set => set.violations);
  const controls = sets.flatMap(set => set.controls);
  const unbounded = effective.unboundedErrors === 'compared' ? [] : findUnbounded(controls, threshold);
  const violations = [...missed, ...enforceUnbounded(unbounded, effective)];
  const reason: Reason =
    missed.length > 0
      ? 'below-threshold'
      : (unbounded.find(found => violations.some(({ key }) => key === found.reason))?.reason ?? 'pass');
  const counts = addCounts(sets.map(set => set.counts));
  return {
    ...under,
    exit: reasons[reason],
    reason,
    violations,
    warnings: findWarnings({ hdf, threshold, options: effective, selection, controls, bounded, unbounded }),
    counts,
    compliance: toCompliance(counts),
    controls,
  };
}
