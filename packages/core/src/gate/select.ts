// SPDX-License-Identifier: Apache-2.0
import {
  type GatedControl,
  type GatedSet,
  type Hdf,
  type HdfProfile,
  isEvaluated,
  isWaived,
  resultStatus,
  type Selected,
  selectGated,
} from '../outcome/index.ts';
import type { GateOptions } from './judgement.ts';
import type { Reason } from './reasons.ts';

export type Checked = Selected | { kind: 'refused'; reason: Reason; problem: string };

/** The gated sets of results of which something can be said at all. */
export function selectChecked(hdf: Hdf, options: GateOptions): Checked {
  const selection = selectGated(hdf, options.profiles);
  if (selection.kind === 'ambiguous') return { kind: 'refused', reason: 'hdf-ambiguous', problem: selection.problem };
  const broken = options.strict ? hdf.profiles.find(isNotLoaded) : undefined;
  if (broken !== undefined) return { kind: 'refused', reason: 'profile-not-loaded', problem: loadProblem(broken) };
  const unchecked = nothingChecked(selection.sets, options);
  return unchecked === undefined ? selection : { kind: 'refused', reason: 'nothing-checked', problem: unchecked };
}

export const isNotLoaded = ({ status }: HdfProfile) => status === 'failed' || status === 'skipped';

export function loadProblem(profile: HdfProfile): string {
  const why = profile.status_message ?? profile.skip_message ?? '';
  return `profile "${profile.name}" was not evaluated (status: ${profile.status ?? 'none'})${why === '' ? '' : `: ${why}`}`;
}

function nothingChecked(sets: GatedSet[], options: GateOptions): string | undefined {
  if (sets.length === 0) return 'the results hold no profile';
  for (const { profile, isRoot, controls } of sets) {
    if (controls.length === 0) {
      if (isRoot && !options.allowEmpty)
        return `profile "${profile.name}" has no controls${profile.status ? ` (status: ${profile.status})` : ''}`;
    } else if (!controls.some(({ base }) => isEvaluated(base)) && !areWaived(controls, options))
      return `no control of profile "${profile.name}" was evaluated: ${whyNot(controls)}`;
  }
  return undefined;
}

/** People answered for all of them: nothing kept us from looking. */
const areWaived = (controls: GatedControl[], options: GateOptions) =>
  controls.every(({ base }) => isWaived(base, options));

/** What became of controls of which none passed or failed, as `3 skipped, 1 without a result`, and the first reason. */
function whyNot(controls: GatedControl[]): string {
  const results = controls.flatMap(({ base }) => base.results);
  const words = controls.map(({ base }) => wordFor(base.results.map(resultStatus)));
  const counted = ['errored', 'skipped', 'without a result']
    .map(word => ({ word, count: words.filter(each => each === word).length }))
    .filter(({ count }) => count > 0)
    .map(({ word, count }) => `${count} ${word}`);
  const said = results.map(({ exception, message, skip_message: skip }) => skip ?? message ?? exception);
  const first = said.find(text => text !== undefined && text !== null && text !== '');
  return `${counted.join(', ')}${first === undefined ? '' : ` (${first})`}`;
}

function wordFor(found: ReturnType<typeof resultStatus>[]): string {
  if (found.length === 0) return 'without a result';
  return found.every(status => status === 'skipped') ? 'skipped' : 'errored';
}
