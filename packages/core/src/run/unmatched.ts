// SPDX-License-Identifier: Apache-2.0
import { unusedEntries } from '../gate/index.ts';
import { type Outcome, unusedTargets } from '../outcome/index.ts';
import { matches, type Target } from '../plan/index.ts';
import type { TargetOptions } from '../request/index.ts';
import type { ScanRequest } from './scan-request.ts';

/** What was written for targets that the run does not have: something that is no more, or never was. */
export function unmatched(
  { gate: { threshold }, waivers, perTarget }: Pick<ScanRequest, 'gate' | 'waivers' | 'perTarget'>,
  looks: readonly Pick<Outcome, 'target' | 'profile'>[],
): string[] {
  const places = looks.flatMap(({ target, profile }) => ('pod' in target ? [{ target, profile: profile?.name }] : []));
  const thresholds = threshold !== undefined && 'entries' in threshold ? unusedEntries(threshold, looks) : [];
  const options = unusedOptions(
    perTarget,
    places.map(({ target }) => target),
  );
  return [...thresholds.map(name => `threshold: ${name}`), ...unusedTargets(waivers, places), ...options].map(
    text => `${text} matches no target of this run`,
  );
}

/** Entries that are the first for no target, neither with a container nor with profiles. */
function unusedOptions(perTarget: TargetOptions[], targets: Target[]): string[] {
  const used = targets.flatMap(target => {
    const found = perTarget.filter(({ match }) => matches(match, target, undefined));
    return [found.find(({ container }) => container !== undefined), found.find(({ profile }) => profile !== undefined)];
  });
  return perTarget.filter(entry => !used.includes(entry)).map(({ name }) => name);
}
