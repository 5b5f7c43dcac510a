// SPDX-License-Identifier: Apache-2.0
import type { Counted } from './count.ts';
import type { GateOptions, Violation } from './judgement.ts';
import type { Reason, Warning } from './reasons.ts';
import type { Threshold } from './spec.ts';

type Unseen = 'error' | 'skipped';

/** Controls that nobody looked at and that no bound of the user's can notice. */
export interface Unbounded {
  reason: Reason & Warning['code'];
  status: Unseen;
  controls: Counted[];
}

const reasonOf = { error: 'errors-unbounded', skipped: 'skips-unbounded' } as const;

export function findUnbounded(controls: Counted[], threshold: Threshold): Unbounded[] {
  return (['error', 'skipped'] as const)
    .map(status => ({
      reason: reasonOf[status],
      status,
      controls: controls.filter(control => control.status === status && !isCovered(control, threshold)),
    }))
    .filter(found => found.controls.length > 0);
}

/** Compliance counts errored and skipped controls against itself; a minimum of 0 can never be missed. */
function isCovered({ status, severity }: Counted, { bounds }: Threshold): boolean {
  if (Number(bounds.get('compliance.min') ?? 0) > 0) return true;
  const keys = [
    `${status}.total`,
    `${status}.total.max`,
    `${status}.${severity}.max`,
    `${status}.${severity}.controls`,
  ];
  return keys.some(key => bounds.has(key));
}

/** Errors fail where the gate says so, and both under `strict`. */
const isEnforced = ({ status }: Unbounded, { strict, unboundedErrors }: GateOptions) =>
  strict || (status === 'error' && unboundedErrors === 'fail');

export function enforceUnbounded(found: Unbounded[], options: GateOptions): Violation[] {
  return found
    .filter(each => isEnforced(each, options))
    .flatMap(({ reason, status, controls }) =>
      [...new Set(controls.map(({ profile }) => profile))].map(profile => {
        const ids = controls.filter(control => control.profile === profile).map(({ id }) => id);
        return {
          key: reason,
          profile,
          expected: `no ${nouns[status]} control that no bound covers`,
          actual: `${ids.length}`,
          controls: ids,
        };
      }),
    );
}

const nouns = { error: 'errored', skipped: 'skipped' };

export function unboundedWarnings(found: Unbounded[], options: GateOptions): Warning[] {
  return found
    .filter(each => !isEnforced(each, options))
    .map(({ reason, status, controls }) => ({
      code: reason,
      message: `${controls.length} ${nouns[status]}, and no bound of the threshold covers them (add ${status}.total.max)`,
      controls: controls.map(({ id }) => id),
    }));
}
