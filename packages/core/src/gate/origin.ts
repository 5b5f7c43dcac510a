// SPDX-License-Identifier: Apache-2.0
import { type Audited, isFileTarget, type LensName } from '../outcome/index.ts';
import { stableIdentity } from '../plan/index.ts';

/** Where results come from, as far as two of them have to agree to be compared. */
export interface ResultOrigin {
  profile: string;
  /** Undefined for results of other tools, which do not tell. */
  place: { identity: string; lens: LensName } | undefined;
}

export function originOf({ target, profile, observation }: Audited): ResultOrigin {
  const place = isFileTarget(target) ? undefined : { identity: stableIdentity(target), lens: observation.lens };
  return { profile: profile.name, place };
}

/** Why earlier results say nothing of these; undefined where they do. */
export function differentOrigin(earlier: ResultOrigin, now: ResultOrigin): string | undefined {
  const { place: was } = earlier;
  const { place: is } = now;
  if (earlier.profile !== now.profile)
    return `the baseline is of profile "${earlier.profile}", and the results are of "${now.profile}"`;
  if (was === undefined || is === undefined) return undefined;
  if (was.identity !== is.identity)
    return `the baseline is of ${was.identity}, and the results are of ${is.identity}; for several targets give the folder of an earlier run`;
  if (was.lens !== is.lens)
    return `the baseline was taken through the ${was.lens} lens, and the results through the ${is.lens} lens, which see different things; take a new baseline, or choose the lens ${was.lens}`;
  return undefined;
}
