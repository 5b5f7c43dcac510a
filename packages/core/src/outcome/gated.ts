// SPDX-License-Identifier: Apache-2.0
import type { Hdf, HdfControl, HdfProfile } from './hdf.ts';
import { type Link, ProfileTree } from './profile-tree.ts';

/** A control that counts, and the control at the bottom of its overlays, whose status and severity count. */
export interface GatedControl {
  listed: HdfControl;
  base: HdfControl;
  /** Where the listed control stands. */
  profile: HdfProfile;
  /** Where its base stands: the same profile, unless it is an overlay. */
  baseProfile: HdfProfile;
}

/** The controls of one profile that are judged together. */
export interface GatedSet {
  profile: HdfProfile;
  isRoot: boolean;
  controls: GatedControl[];
}

/** What the gated controls do not reach. */
interface Ungated {
  /** In profiles that no other profile includes. */
  independent: HdfControl[];
  /** In included profiles. */
  included: HdfControl[];
}

export interface Selected {
  kind: 'selected';
  sets: GatedSet[];
  /** Ids of controls whose result was taken from a profile that `depends` names, for want of `parent_profile`. */
  linkedById: string[];
  ungated: Ungated;
}

export type Selection = Selected | { kind: 'ambiguous'; problem: string };

/** Which controls of a result file count, linked through overlays as SAF links them. */
export function selectGated(hdf: Hdf, profiles: 'first' | 'all'): Selection {
  const tree = new ProfileTree(hdf);
  return profiles === 'first' ? selectFirst(tree) : selectAll(tree);
}

const ambiguous = (problem: string): Selection => ({ kind: 'ambiguous', problem });

function selectAll(tree: ProfileTree): Selection {
  const looped = tree.profiles.find(profile => tree.isInCycle(profile));
  // A control that stands twice is two where no overlay has to know which of them it is about.
  const linked = tree.profiles.filter(profile => tree.isLinked(profile));
  const problem = looped === undefined ? tree.repetition(linked) : `profile "${looped.name}" is its own ancestor`;
  if (problem !== undefined) return ambiguous(problem);
  const extended = new Set<HdfControl>();
  for (const profile of tree.profiles)
    for (const control of profile.controls) {
      const [, next] = tree.chain({ profile, control });
      if (next !== undefined) extended.add(next.control);
    }
  const sets = tree.profiles.map(profile => ({
    profile,
    isRoot: tree.parentOf(profile) === undefined,
    controls: profile.controls
      .filter(control => !extended.has(control))
      .map(control => toGated({ profile, control }, tree.base({ profile, control }))),
  }));
  return {
    kind: 'selected',
    linkedById: [],
    sets: sets.filter(set => set.isRoot || set.controls.length > 0),
    ungated: { independent: [], included: [] },
  };
}

const toGated = (listed: Link, base: Link): GatedControl => ({
  listed: listed.control,
  profile: listed.profile,
  base: base.control,
  baseProfile: base.profile,
});

function selectFirst(tree: ProfileTree): Selection {
  const [first] = tree.profiles;
  if (first === undefined)
    return { kind: 'selected', sets: [], linkedById: [], ungated: { independent: [], included: [] } };
  if (tree.parentOf(first) !== undefined)
    return ambiguous(`profile "${first.name}" is listed before the profile that includes it`);
  const problem = tree.repetition(tree.below(first));
  if (problem === undefined) return linkControls(tree, first);
  // SAF judges by the first copy that has results, and so passes where a later one failed.
  return ambiguous(selectAll(tree).kind === 'ambiguous' ? problem : `${problem}; all-profiles counts each of them`);
}

function linkControls(tree: ProfileTree, first: HdfProfile): Selection {
  const controls: GatedControl[] = [];
  const linkedById: string[] = [];
  const used = new Set<HdfControl>();
  for (const control of first.controls) {
    const found = resolve(tree, { profile: first, control });
    if (found.kind === 'ambiguous') return found;
    if (found.kind === 'lent') linkedById.push(control.id);
    const chain = tree.chain(found.start);
    for (const link of chain) used.add(link.control);
    used.add(control);
    controls.push(toGated({ profile: first, control }, chain.at(-1) ?? found.start));
  }
  const ungated = findUngated(tree, first, used);
  return { kind: 'selected', linkedById, sets: [{ profile: first, isRoot: true, controls }], ungated };
}

type ResolvedLink = { kind: 'own' | 'lent'; start: Link } | Extract<Selection, { kind: 'ambiguous' }>;

/** Where a listed control's own chain starts: at itself, or at the copy whose results it takes. */
function resolve(tree: ProfileTree, link: Link): ResolvedLink {
  const copies = tree.copies(link.control.id);
  if (copies.length < 2) return { kind: 'own', start: link };
  // SAF takes the first copy that has results for the base of all copies in unlinked profiles.
  const lender = copies.find(({ control }) => control.results.length > 0) ?? link;
  if (lender.control === link.control) return keep(tree, link, copies);
  return tree.isLinked(link.profile) ? { kind: 'own', start: link } : borrow(tree, link, lender);
}

/** SAF leaves a control out of the count when an unlinked profile repeats its id and this copy has the results. */
function keep(tree: ProfileTree, link: Link, copies: Link[]): ResolvedLink {
  const other = copies.find(copy => copy.profile !== link.profile && !tree.isLinked(copy.profile));
  if (other === undefined) return { kind: 'own', start: link };
  const where = `profiles "${link.profile.name}" and "${other.profile.name}"`;
  return { kind: 'ambiguous', problem: `control "${link.control.id}" stands in ${where}, which are not linked` };
}

/** Without `parent_profile`, a control without results takes those of the first copy that has some. */
function borrow(tree: ProfileTree, { profile, control }: Link, lender: Link): ResolvedLink {
  if (dependsOn(profile, lender.profile) || isOverlayOfTheOther(tree, profile, lender.profile))
    return { kind: 'lent', start: lender };
  const problem = `control "${control.id}" of "${profile.name}" would borrow the result of the unrelated "${lender.profile.name}"`;
  return { kind: 'ambiguous', problem };
}

/** By its name, or by the alias under which it was included. */
function dependsOn({ depends }: HdfProfile, { name: own, parent_profile: alias }: HdfProfile): boolean {
  return depends?.some(({ name }) => typeof name === 'string' && (name === own || name === alias)) === true;
}

/** An overlay whose every control is in the one other profile of the file: some converters and old auditors name neither. */
function isOverlayOfTheOther(tree: ProfileTree, overlay: HdfProfile, other: HdfProfile): boolean {
  return tree.profiles.length === 2 && overlay.controls.every(({ id }) => tree.control(other, id) !== undefined);
}

function findUngated(tree: ProfileTree, first: HdfProfile, used: ReadonlySet<HdfControl>): Ungated {
  const ungated: Ungated = { independent: [], included: [] };
  for (const profile of tree.profiles) {
    const rest = profile.controls.filter(control => !used.has(control));
    if (tree.parentOf(profile) !== undefined) ungated.included.push(...rest);
    else if (profile !== first) ungated.independent.push(...rest);
  }
  return ungated;
}
