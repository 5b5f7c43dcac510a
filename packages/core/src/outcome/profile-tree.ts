// SPDX-License-Identifier: Apache-2.0
import type { Hdf, HdfControl, HdfProfile } from './hdf.ts';

/** A control and the profile it stands in. */
export interface Link {
  profile: HdfProfile;
  control: HdfControl;
}

/** The profiles of a result file, linked by `parent_profile` as SAF links them; made in one pass over the file. */
export class ProfileTree {
  readonly profiles: HdfProfile[];
  private readonly byName = new Map<string, HdfProfile[]>();
  private readonly byId = new Map<HdfProfile, Map<string, HdfControl>>();
  private readonly dependencies = new Map<HdfProfile, HdfProfile[]>();

  constructor(hdf: Hdf) {
    this.profiles = hdf.profiles;
    for (const profile of hdf.profiles) {
      append(this.byName, profile.name, profile);
      this.byId.set(profile, new Map(profile.controls.toReversed().map(control => [control.id, control])));
    }
    for (const profile of hdf.profiles) {
      const parent = this.parentOf(profile);
      if (parent !== undefined) append(this.dependencies, parent, profile);
    }
  }

  /** A `parent_profile` that names no profile of the file counts as none. */
  parentOf(profile: HdfProfile): HdfProfile | undefined {
    const name = profile.parent_profile;
    return typeof name === 'string' ? this.byName.get(name)?.[0] : undefined;
  }

  dependenciesOf(profile: HdfProfile): HdfProfile[] {
    return this.dependencies.get(profile) ?? [];
  }

  /** Whether `parent_profile` ties it to another one; SAF goes by equal ids where it does not. */
  isLinked(profile: HdfProfile): boolean {
    return this.parentOf(profile) !== undefined || this.dependencies.has(profile);
  }

  control(profile: HdfProfile, id: string): HdfControl | undefined {
    return this.byId.get(profile)?.get(id);
  }

  /** Every copy of a control, in file order. */
  copies(id: string): Link[] {
    return this.profiles.flatMap(profile => {
      const control = this.control(profile, id);
      return control === undefined ? [] : [{ profile, control }];
    });
  }

  /** The control and all that it extends, deepest last. */
  chain(start: Link): Link[] {
    const seen = new Set<HdfProfile>();
    const links: Link[] = [];
    for (let at: Link | undefined = start; at !== undefined && !seen.has(at.profile); at = this.extended(at)) {
      seen.add(at.profile);
      links.push(at);
    }
    return links;
  }

  base(start: Link): Link {
    return this.chain(start).at(-1) ?? start;
  }

  private extended({ profile, control: { id } }: Link): Link | undefined {
    for (const dependency of this.dependenciesOf(profile)) {
      const control = this.control(dependency, id);
      if (control !== undefined) return { profile: dependency, control };
    }
    return undefined;
  }

  /** The profile and all that hangs below it. */
  below(profile: HdfProfile): Set<HdfProfile> {
    const found = new Set([profile]);
    // A set is walked in order of insertion, what is added on the way included.
    for (const each of found) for (const dependency of this.dependenciesOf(each)) found.add(dependency);
    return found;
  }

  isInCycle(profile: HdfProfile): boolean {
    const seen = new Set<HdfProfile>();
    for (let at = this.parentOf(profile); at !== undefined && !seen.has(at); at = this.parentOf(at)) {
      if (at === profile) return true;
      seen.add(at);
    }
    return false;
  }

  /** Why a control or a parent cannot be told from another one, if so. */
  repetition(within: Iterable<HdfProfile>): string | undefined {
    for (const profile of within) {
      const seen = new Set<string>();
      const repeated = profile.controls.find(control => seen.size === seen.add(control.id).size);
      if (repeated !== undefined) return `control "${repeated.id}" appears twice in profile "${profile.name}"`;
    }
    const parent = this.profiles.find(({ parent_profile: name }) => (this.byName.get(name ?? '')?.length ?? 0) > 1);
    return parent === undefined
      ? undefined
      : `two profiles have the name "${parent.parent_profile}" that a parent_profile refers to`;
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
