// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage } from '../errors/index.ts';
import type { Unreached } from '../outcome/index.ts';
import { matches, type Target, targetName } from '../plan/index.ts';
import { notRun, type PreparedProfile, type Preparing, prepareProfile } from '../profile/index.ts';
import type { TargetOptions } from '../request/index.ts';

/** A pod may name profiles here, as far as the operator allows it. */
const profileAnnotation = 'cinc-scan.dev/profile';

/** Sources, for all targets and for some. */
interface NamedSources {
  profiles: string[];
  perTarget: TargetOptions[];
}

/** What a target is looked at with, or why with nothing. */
type Assignment = { kind: 'profiles'; profiles: PreparedProfile[] } | { kind: 'refused'; error: ScanError };

export interface Assigned {
  assigned: Map<Target, PreparedProfile[]>;
  refused: Unreached[];
  warnings: string[];
}

/** Which profiles a run has for which target. What a pod says is hostile: it chooses from the list, and only adds. */
export class Assignments {
  private readonly named: string[];
  private readonly perTarget: TargetOptions[];
  /** All that are named anywhere, as far as the filters leave something of them. */
  private readonly known: PreparedProfile[];
  private readonly annotated: { allowed: string[]; preparing: Preparing } | undefined;
  private readonly prepared = new Map<string, Promise<PreparedProfile[]>>();
  private readonly warnings: string[] = [];

  constructor(
    { profiles, perTarget }: NamedSources = { profiles: [], perTarget: [] },
    known: PreparedProfile[] = [],
    annotated?: { allowed: string[]; preparing: Preparing },
  ) {
    [this.named, this.perTarget, this.known, this.annotated] = [profiles, perTarget, known, annotated];
  }

  async all(targets: Target[]): Promise<Assigned> {
    const assigned = new Map<Target, PreparedProfile[]>();
    const refused: Unreached[] = [];
    for (const target of targets) {
      const found = await this.of(target);
      if (found.kind === 'profiles') assigned.set(target, found.profiles);
      else refused.push({ kind: 'unreached', target, profile: undefined, observation: undefined, error: found.error });
    }
    return { assigned, refused, warnings: this.warnings };
  }

  private async of(target: Target): Promise<Assignment> {
    const allowed = this.annotated?.allowed ?? [];
    const sources = allowed.length === 0 ? [] : annotatedSources(target);
    const strange = sources.find(source => !isAllowed(source, allowed));
    if (strange !== undefined)
      return refused(
        `Pod ${targetName(target)} names the profile ${JSON.stringify(strange.slice(0, 300))}, which is not allowed`,
      );
    const added: PreparedProfile[] = [];
    for (const source of sources)
      try {
        added.push(...(await this.prepare(source)));
      } catch (error) {
        const message = `The profile that pod ${targetName(target)} names cannot be used: ${toMessage(error)}`;
        return { kind: 'refused', error: new ScanError('PROFILE_UNREACHABLE', message, { cause: error }) };
      }
    const named = profilesFor(this.perTarget, target) ?? this.named;
    const profiles = [...new Set([...named.flatMap(source => this.knownAs(source)), ...added])];
    if (profiles.length > 0) return { kind: 'profiles', profiles };
    if (named.length === 0) return refused(`No profile is named for ${targetName(target)}`);
    const message = `The filters match no control of the profiles for ${targetName(target)}: ${named.join(', ')}`;
    return { kind: 'refused', error: new ScanError('CONTROLS_MISSING', message) };
  }

  private knownAs(source: string): PreparedProfile[] {
    return this.known.filter(({ named }) => named === source);
  }

  /** Each once, however many pods name it. */
  private prepare(source: string): Promise<PreparedProfile[]> {
    const same = this.knownAs(source);
    if (same.length > 0 || this.annotated === undefined) return Promise.resolve(same);
    const known = this.prepared.get(source);
    if (known !== undefined) return known;
    const prepared = prepareProfile(source, this.annotated.preparing).then(profile => {
      if (profile.known.selected.length > 0 || profile.known.depends_on_target) return [profile];
      this.warnings.push(notRun(profile)); // filters are meant for all profiles of a run together
      return [];
    });
    this.prepared.set(source, prepared);
    return prepared;
  }
}

/** The first entry that matches and names profiles counts. */
const profilesFor = (perTarget: readonly TargetOptions[], target: Target): string[] | undefined =>
  perTarget.find(({ match, profile }) => profile !== undefined && matches(match, target, undefined))?.profile;

const refused = (message: string): Assignment => ({
  kind: 'refused',
  error: new ScanError('PROFILE_NOT_ALLOWED', message),
});

const mostSources = 10;

function annotatedSources({ annotations }: Target): string[] {
  const text = annotations[profileAnnotation] ?? '';
  return text
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, mostSources + 1);
}

// URL parsers drop control characters and blanks at the end of an address, and some within (https://url.spec.whatwg.org/).
const invisible = /[\p{Cc}\p{Cf}\p{Z}]/u;

/** Word for word, or by what stands before a trailing `*`; ways up, also in other spellings, match nothing. */
export function isAllowed(source: string, allowed: string[]): boolean {
  return allowed.some(pattern => {
    if (!pattern.endsWith('*')) return source === pattern;
    const prefix = pattern.slice(0, -1);
    const rest = source.slice(prefix.length);
    return (
      source.startsWith(prefix) &&
      rest !== '' &&
      !invisible.test(rest) &&
      !/(?:^|[/#=&])\.\.?(?:[/#&]|$)|[\\%@?]/.test(rest)
    );
  });
}

/** A pattern that would let a pod choose the host, or any file of this machine, is none. */
export function parseAllowed(pattern: string): string {
  const isBounded = /^(?:[a-z+]+:\/\/[^/*]+\/|configmap:[^/*]+\/|\.{0,2}\/[^*]*\/)[^*]*\*$/.test(pattern);
  if (!pattern.includes('*') || isBounded) return pattern;
  throw new ScanError(
    'INPUT_INVALID',
    `annotated-profiles: expected a profile, or the beginning of one with its host or folder and a * at the end, got ${JSON.stringify(pattern)}`,
  );
}
