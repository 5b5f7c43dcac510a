// SPDX-License-Identifier: Apache-2.0
import type { Hdf, HdfControl, HdfProfile } from './hdf.ts';

/** A control that counts, and the control at the bottom of its overlays, whose status and severity count. */
export interface GatedControl {
  listed: HdfControl;
  base: HdfControl;
  profile: HdfProfile;
}

/** The controls of one profile that are judged together. */
export interface GatedSet {
  profile: HdfProfile;
  isRoot: boolean;
  controls: GatedControl[];
}

export type Selection =
  | { kind: 'selected'; sets: GatedSet[]; linkedById: string[] }
  | { kind: 'ambiguous'; problem: string };

/** Which controls of a result file count, linked through overlays as SAF links them. */
export function selectGated(hdf: Hdf, profiles: 'first' | 'all'): Selection {
  const tree = new ProfileTree(hdf);
  return profiles === 'first' ? selectFirst(tree) : selectAll(tree);
}

/** Controls of the file that no gated control is or extends, with the profile they stand in. */
export function unreached(hdf: Hdf, sets: GatedSet[]): { profile: HdfProfile; control: HdfControl }[] {
  const tree = new ProfileTree(hdf);
  const used = new Set<HdfControl>(sets.flatMap(set => set.controls).flatMap(control => chainOf(tree, control)));
  return hdf.profiles.flatMap(profile =>
    profile.controls.filter(control => !used.has(control)).map(control => ({ profile, control })),
  );
}

export function isDependency(hdf: Hdf, profile: HdfProfile): boolean {
  return new ProfileTree(hdf).parentOf(profile) !== undefined;
}

function chainOf(tree: ProfileTree, gated: GatedControl): HdfControl[] {
  return [...tree.chain(gated.profile, gated.listed).map(link => link.control), gated.base];
}

interface Link {
  profile: HdfProfile;
  control: HdfControl;
}

class ProfileTree {
  readonly profiles: HdfProfile[];
  private readonly byId = new Map<HdfProfile, Map<string, HdfControl>>();
  private readonly dependencies = new Map<HdfProfile, HdfProfile[]>();

  constructor(hdf: Hdf) {
    this.profiles = hdf.profiles;
    for (const profile of hdf.profiles) {
      this.byId.set(profile, new Map(profile.controls.toReversed().map(control => [control.id, control])));
      const parent = this.parentOf(profile);
      if (parent !== undefined) this.dependencies.set(parent, [...this.dependenciesOf(parent), profile]);
    }
  }

  parentOf(profile: HdfProfile): HdfProfile | undefined {
    const name = profile.parent_profile;
    return typeof name === 'string' ? this.profiles.find(candidate => candidate.name === name) : undefined;
  }

  dependenciesOf(profile: HdfProfile): HdfProfile[] {
    return this.dependencies.get(profile) ?? [];
  }

  control(profile: HdfProfile, id: string): HdfControl | undefined {
    return this.byId.get(profile)?.get(id);
  }

  /** The control and all that it extends, deepest last. */
  chain(profile: HdfProfile, control: HdfControl): Link[] {
    const links: Link[] = [{ profile, control }];
    let next = this.extended(profile, control.id);
    while (next !== undefined) {
      const { profile: at } = next;
      if (links.some(link => link.profile === at)) break;
      links.push(next);
      next = this.extended(at, control.id);
    }
    return links;
  }

  private extended(profile: HdfProfile, id: string): Link | undefined {
    for (const dependency of this.dependenciesOf(profile)) {
      const control = this.control(dependency, id);
      if (control !== undefined) return { profile: dependency, control };
    }
    return undefined;
  }

  /** The profile and all that hangs below it. */
  below(profile: HdfProfile, seen = new Set<HdfProfile>()): Set<HdfProfile> {
    if (seen.has(profile)) return seen;
    seen.add(profile);
    for (const dependency of this.dependenciesOf(profile)) this.below(dependency, seen);
    return seen;
  }

  /** What makes counting depend on the reader's luck, wherever it stands. */
  ambiguity(within: Iterable<HdfProfile>): string | undefined {
    for (const profile of within) {
      const seen = new Set<string>();
      const repeated = profile.controls.find(control => seen.size === seen.add(control.id).size);
      if (repeated !== undefined) return `control "${repeated.id}" stands twice in profile "${profile.name}"`;
    }
    for (const { parent_profile: name } of this.profiles) {
      if (typeof name === 'string' && this.profiles.filter(profile => profile.name === name).length > 1)
        return `two profiles have the name "${name}" that a parent_profile refers to`;
    }
    const looped = this.profiles.find(profile => this.isInCycle(profile));
    return looped === undefined ? undefined : `profile "${looped.name}" is its own ancestor`;
  }

  private isInCycle(profile: HdfProfile): boolean {
    const seen = new Set<HdfProfile>();
    for (let at = this.parentOf(profile); at !== undefined && !seen.has(at); at = this.parentOf(at)) {
      if (at === profile) return true;
      seen.add(at);
    }
    return false;
  }
}

const ambiguous = (problem: string): Selection => ({ kind: 'ambiguous', problem });

function selectAll(tree: ProfileTree): Selection {
  const problem = tree.ambiguity(tree.profiles);
  if (problem !== undefined) return ambiguous(problem);
  const extended = new Set(
    tree.profiles
      .flatMap(profile => profile.controls.flatMap(control => tree.chain(profile, control).slice(1)))
      .map(link => link.control),
  );
  const sets = tree.profiles.map(profile => ({
    profile,
    isRoot: tree.parentOf(profile) === undefined,
    controls: profile.controls.filter(control => !extended.has(control)).map(control => gate(tree, profile, control)),
  }));
  return { kind: 'selected', linkedById: [], sets: sets.filter(set => set.isRoot || set.controls.length > 0) };
}

function gate(tree: ProfileTree, profile: HdfProfile, listed: HdfControl): GatedControl {
  return { listed, base: tree.chain(profile, listed).at(-1)?.control ?? listed, profile };
}

function selectFirst(tree: ProfileTree): Selection {
  const [first] = tree.profiles;
  if (first === undefined) return { kind: 'selected', sets: [], linkedById: [] };
  if (tree.parentOf(first) !== undefined)
    return ambiguous(`profile "${first.name}" is listed before the profile that includes it`);
  const problem = tree.ambiguity(tree.below(first));
  if (problem !== undefined) return ambiguous(problem);
  return tree.profiles.some(profile => typeof profile.parent_profile === 'string')
    ? {
        kind: 'selected',
        linkedById: [],
        sets: [{ profile: first, isRoot: true, controls: first.controls.map(control => gate(tree, first, control)) }],
      }
    : selectLinkedById(tree, first);
}

/** Without any parent_profile SAF takes, for equal ids, the first copy that has results for the base of all others. */
function selectLinkedById(tree: ProfileTree, first: HdfProfile): Selection {
  const lenders = new Set((first.depends ?? []).map(dependency => dependency.name));
  const linkedById: string[] = [];
  const controls: GatedControl[] = [];
  for (const listed of first.controls) {
    const others = tree.profiles.filter(profile => profile !== first && tree.control(profile, listed.id) !== undefined);
    if (others.length > 0 && listed.results.length > 0)
      return ambiguous(
        `control "${listed.id}" stands in profiles "${first.name}" and "${others[0]?.name}", which are not linked`,
      );
    const lender = others.find(profile => (tree.control(profile, listed.id)?.results.length ?? 0) > 0);
    if (lender !== undefined && !lenders.has(lender.name))
      return ambiguous(
        `control "${listed.id}" of "${first.name}" would borrow its result from the unrelated profile "${lender.name}"`,
      );
    if (lender !== undefined) linkedById.push(listed.id);
    controls.push({ listed, base: (lender && tree.control(lender, listed.id)) ?? listed, profile: first });
  }
  return { kind: 'selected', linkedById, sets: [{ profile: first, isRoot: true, controls }] };
}
