// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Audited } from '../outcome/index.ts';

const mostBytes = 120;

/** `<target>` of file names for each outcome: `namespace_pod_container`, plus `_profile` if several profiles ran. */
export function fileStems(outcomes: Audited[]): Map<Audited, string> {
  const several = new Set(outcomes.map(({ profile }) => profile.name)).size > 1;
  const stems = new Map<Audited, string>();
  const taken = new Set<string>();
  for (const outcome of outcomes) {
    const stem = fileStem(outcome, several);
    const unique = taken.has(stem) ? withDigest(stem, [...identityOf(outcome), `${taken.size}`]) : stem;
    taken.add(unique);
    stems.set(outcome, unique);
  }
  return stems;
}

function fileStem(outcome: Audited, withProfile: boolean): string {
  const { namespace, pod, container } = outcome.target;
  const parts = [namespace, pod, container, ...(withProfile ? [outcome.profile.name] : [])];
  const wanted = parts.join('_');
  // Kubernetes names hold neither `_` nor capitals; anything else in their place is not theirs.
  const safe = parts
    .map(part =>
      part
        .toLowerCase()
        .replaceAll(/[^a-z0-9.-]/g, '-')
        .replace(/^\.+/, '-'),
    )
    .join('_');
  return safe === wanted && Buffer.byteLength(safe) <= mostBytes ? safe : withDigest(safe, identityOf(outcome));
}

function identityOf({ target, profile }: Audited): string[] {
  return [target.cluster, target.namespace, target.pod, target.container, profile.name, profile.sha256];
}

function withDigest(stem: string, identity: string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 8);
  return `${stem.slice(0, mostBytes - 9)}-${digest}`;
}

/** `results.sarif`, 2 → `results-2.sarif`. */
export function insertBeforeExtension(path: string, text: string): string {
  const at = path.search(/\.[^./]+$/);
  return at <= 0 ? `${path}-${text}` : `${path.slice(0, at)}-${text}${path.slice(at)}`;
}
