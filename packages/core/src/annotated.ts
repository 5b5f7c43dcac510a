// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage } from './errors/index.ts';
import type { Unreached } from './outcome/outcome.ts';
import { type Target, targetName } from './plan/index.ts';
import { notRun, type PreparedProfile, type Preparing, prepareProfile } from './profile/index.ts';

/** A pod may name profiles here, as far as the operator allows it. */
export const profileAnnotation = 'cinc-scan.dev/profile';

/** What a target is looked at with, or why with nothing. */
type Assignment = { kind: 'profiles'; profiles: PreparedProfile[] } | { kind: 'refused'; error: ScanError };

export interface Assigned {
  assigned: Map<Target, PreparedProfile[]>;
  refused: Unreached[];
  warnings: string[];
}

/** Which profiles a run has for which target. What a pod says is hostile: it chooses from the list, and only adds. */
export class Assignments {
  private readonly named: PreparedProfile[];
  private readonly annotated: { allowed: string[]; preparing: Preparing } | undefined;
  private readonly prepared = new Map<string, Promise<PreparedProfile[]>>();
  private readonly warnings: string[] = [];

  constructor(named: PreparedProfile[] = [], annotated?: { allowed: string[]; preparing: Preparing }) {
    [this.named, this.annotated] = [named, annotated];
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
    const profiles = [...new Set([...this.named, ...added])];
    return profiles.length > 0
      ? { kind: 'profiles', profiles }
      : refused(`No profile is named for ${targetName(target)}`);
  }

  /** Each once, however many pods name it. */
  private prepare(source: string): Promise<PreparedProfile[]> {
    const same = this.named.filter(({ ref }) => ref.source === source);
    if (same.length > 0 || this.annotated === undefined) return Promise.resolve(same);
    const known = this.prepared.get(source);
    if (known !== undefined) return known;
    const prepared = prepareProfile(source, this.annotated.preparing).then(profile => {
      if (profile.known.selected.length > 0) return [profile];
      this.warnings.push(notRun(profile)); // filters are meant for all profiles of a run together
      return [];
    });
    this.prepared.set(source, prepared);
    return prepared;
  }
}

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

/** Word for word, or by what stands before a trailing `*`; ways up, also in other spellings, match nothing. */
export function isAllowed(source: string, allowed: string[]): boolean {
  return allowed.some(pattern => {
    if (!pattern.endsWith('*')) return source === pattern;
    const prefix = pattern.slice(0, -1);
    const rest = source.slice(prefix.length);
    return source.startsWith(prefix) && rest !== '' && !/(?:^|[/#=&])\.\.?(?:[/#&]|$)|[\\%@?]/.test(rest);
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
