// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import { type PreparedProfile, type Preparing, prepareProfile } from './prepare.ts';

export interface PreparedProfiles {
  profiles: PreparedProfile[];
  /** What is odd, and no reason to refuse it. */
  warnings: string[];
}

/** Prepares all profiles of a run. What inputs and filters mean is a matter of all of them together. */
export async function prepareProfiles(sources: string[], preparing: Preparing): Promise<PreparedProfiles> {
  const profiles: PreparedProfile[] = [];
  for (const source of new Set(sources)) profiles.push(await prepareProfile(source, preparing));
  refuseUnmatched(profiles);
  const chosen = profiles.filter(({ known }) => known.selected.length > 0 || known.depends_on_target);
  const left = profiles.filter(profile => !chosen.includes(profile));
  return { profiles: chosen, warnings: [...unknownInputs(profiles), ...left.map(notRun)] };
}

/**
 * A filter for a control that no profile has would leave out what it was meant for, and nobody would see it. Where the controls
 * depend on the target, this is asked of each target (outcome/missing.ts).
 */
function refuseUnmatched(profiles: PreparedProfile[]): void {
  if (profiles.some(({ known }) => known.depends_on_target)) return;
  for (const filter of ['controls', 'tags'] as const) {
    const [first, ...others] = profiles.map(({ known }) => known.unmatched[filter]);
    const unmatched = first?.filter(term => others.every(list => list.includes(term))) ?? [];
    if (unmatched.length > 0)
      throw new ScanError(
        'NOTHING_SELECTED',
        `${filter}: nothing in ${names(profiles)} matches ${unmatched.map(term => JSON.stringify(term)).join(', ')}`,
      );
  }
}

const names = (profiles: PreparedProfile[]) => profiles.map(({ ref }) => ref.name).join(', ');

/** Of a profile that the filters leave nothing of. */
export const notRun = ({ ref }: PreparedProfile): string =>
  `Profile ${ref.name} is not run: the filters match none of its controls`;

function unknownInputs(profiles: PreparedProfile[]): string[] {
  if (profiles.some(({ known }) => typeof known.unread === 'string')) return []; // it may know them all
  const [first, ...others] = profiles.map(({ known }) => known.unknown_inputs);
  const unknown = first?.filter(name => others.every(list => list.includes(name))) ?? [];
  return unknown.length === 0 ? [] : [`inputs: no profile has ${unknown.map(name => JSON.stringify(name)).join(', ')}`];
}
