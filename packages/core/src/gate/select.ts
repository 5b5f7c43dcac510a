// SPDX-License-Identifier: Apache-2.0
import { type GatedSet, type Selected, selectGated } from '../outcome/gated.ts';
import type { Hdf, HdfProfile } from '../outcome/hdf.ts';
import type { GateOptions } from './judgement.ts';
import type { Reason } from './reasons.ts';

export type Checked = Selected | { kind: 'refused'; reason: Reason; problem: string };

/** The gated sets of results of which something can be said at all. */
export function selectChecked(hdf: Hdf, options: GateOptions): Checked {
  const selection = selectGated(hdf, options.profiles);
  if (selection.kind === 'ambiguous') return { kind: 'refused', reason: 'hdf-ambiguous', problem: selection.problem };
  const broken = options.strict ? hdf.profiles.find(isNotLoaded) : undefined;
  if (broken !== undefined) return { kind: 'refused', reason: 'profile-not-loaded', problem: loadProblem(broken) };
  const unchecked = nothingChecked(selection.sets, options.allowEmpty);
  return unchecked === undefined ? selection : { kind: 'refused', reason: 'nothing-checked', problem: unchecked };
}

export const isNotLoaded = ({ status }: HdfProfile) => status === 'failed' || status === 'skipped';

export function loadProblem(profile: HdfProfile): string {
  const why = profile.status_message ?? profile.skip_message ?? '';
  return `profile "${profile.name}" was not evaluated (status: ${profile.status ?? 'none'})${why === '' ? '' : `: ${why}`}`;
}

function nothingChecked(sets: GatedSet[], allowEmpty: boolean): string | undefined {
  if (sets.length === 0) return 'the results hold no profile';
  for (const { profile, isRoot, controls } of sets) {
    if (controls.length === 0) {
      if (isRoot && !allowEmpty)
        return `profile "${profile.name}" has no controls${profile.status ? ` (status: ${profile.status})` : ''}`;
    } else if (controls.every(control => control.base.results.length === 0))
      return `no control of profile "${profile.name}" has a result`;
  }
  return undefined;
}
