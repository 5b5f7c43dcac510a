// SPDX-License-Identifier: Apache-2.0
// InSpec leaves out controls without a word; a result that lacks some is not the audit that was asked for.
import { type ControlRef, type Inventory, showProblem } from '../engine/index.ts';
import { ScanError } from '../errors/index.ts';
import type { Hdf } from '../outcome/index.ts';
import type { ProfileDescription, ProfileRef } from '../profile/index.ts';

export interface AskedOfProfile {
  profile: { ref: ProfileRef; known: ProfileDescription };
  /** What the profile was run with. */
  inputs: { tags: string[]; waivers: string[] };
}

/** Refuses the result of an audit that lacks controls, or checks of them, which the profile has. */
export function requireControls(hdf: Hdf, inventory: Inventory, { profile, inputs }: AskedOfProfile): void {
  if (hdf.profiles[0]?.status === 'skipped') return; // the gate says so of the whole profile
  const missing = missingIn(hdf, [...inventory.has, ...expected(profile.known, inputs)]);
  const problems = inventory.problems.filter(
    problem =>
      problem.kind === 'duplicate-id' ||
      profile.known.depends_on_target ||
      missing.some(each => each.profile === problem.profile),
  );
  if (missing.length === 0 && problems.length === 0) return;
  const lacks = missing.length === 0 ? [] : [`the result lacks ${listed(missing)}`];
  const why = [...lacks, ...problems.map(showProblem)].join('; ');
  throw new ScanError('CONTROLS_MISSING', `Profile ${profile.ref.name}: ${why}`);
}

/** What was read without a target, unless that is a guess: InSpec forgets the tags of waived controls. */
function expected(
  { has, depends_on_target: depends }: ProfileDescription,
  { tags, waivers }: AskedOfProfile['inputs'],
) {
  return depends || (tags.length > 0 && waivers.length > 0) ? [] : has;
}

function missingIn(hdf: Hdf, wanted: ControlRef[]): ControlRef[] {
  const key = ({ profile, id }: ControlRef) => JSON.stringify([profile, stableId(id)]);
  const present = new Set(
    hdf.profiles.flatMap(({ name, controls }) => controls.map(({ id }) => key({ profile: name, id }))),
  );
  return [...new Map(wanted.map(each => [key(each), each])).entries()]
    .filter(([each]) => !present.has(each))
    .map(([, each]) => each);
}

/** A describe block without a control has a random number in its id. */
const stableId = (id: string) => id.replace(/ [0-9a-f]{32}\)$/, ')');

function listed(missing: ControlRef[]): string {
  const names = missing.slice(0, 10).map(({ profile, id }) => `${JSON.stringify(id.slice(0, 100))} of ${profile}`);
  return [...names, ...(missing.length > names.length ? [`${missing.length - names.length} more`] : [])].join(', ');
}

/** The first filter that no profile of the run matches as it was read, and none of a target as it was run; as a sentence. */
export function unmatchedFilter({ known, ran }: { known: Inventory[]; ran: Inventory[] }): string | undefined {
  for (const filter of ['controls', 'tags'] as const) {
    const lists = [...known, ...ran].map(({ unmatched }) => unmatched[filter]);
    const term = lists[0]?.find(each => lists.every(list => list.includes(each)));
    if (term !== undefined) return `${filter}: nothing matches ${JSON.stringify(term)}`;
  }
  return undefined;
}
