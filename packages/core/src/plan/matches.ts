// SPDX-License-Identifier: Apache-2.0
import type { TargetMatch } from '../request/index.ts';
import type { Target } from './target.ts';

const kinds: ReadonlyMap<string, string> = new Map([
  ['po', 'pod'],
  ['deploy', 'deployment'],
  ['sts', 'statefulset'],
  ['ds', 'daemonset'],
  ['rs', 'replicaset'],
  ['cj', 'cronjob'],
]);

/** Whether all conditions hold for a target under the profile of this name. */
export function matches(match: TargetMatch, target: Target, profile: string | undefined): boolean {
  return (
    isLike(match.namespace, target.namespace) &&
    isLike(match.container, target.container) &&
    isLike(match.profile, profile ?? '') &&
    (match.selector === undefined || isSelected(match.selector, target)) &&
    Object.entries(match.labels ?? {}).every(([label, value]) => hasLabel(target, label, value))
  );
}

function hasLabel({ labels }: Target, label: string, wanted: string): boolean {
  return Object.hasOwn(labels, label) && isLike(wanted, labels[label] ?? '');
}

function isSelected(selector: string, target: Target): boolean {
  const [written = '', wanted] = selector.toLowerCase().split('/');
  const kind = (kinds.get(written) ?? written).replace(/s$/, '');
  if (kind === 'pod') return isLike(wanted, target.pod);
  return kind === target.owner.kind.toLowerCase() && isLike(wanted, target.owner.name);
}

/** Equal, `*` standing for any text. */
function isLike(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
