// SPDX-License-Identifier: Apache-2.0
import type { OutcomeView } from './views.ts';
import { listed } from './words.ts';

/** Replicas of one workload that came out the same under one profile: never empty, and told as one. */
export type Replicas = readonly [OutcomeView, ...OutcomeView[]];

/** Views in their order, equal replicas together. What could not be judged stands alone: each has its own story. */
export function toReplicas(views: readonly OutcomeView[]): Replicas[] {
  const found = new Map<string, [OutcomeView, ...OutcomeView[]]>();
  const seen = new Map<string, number>();
  for (const [index, view] of views.entries()) {
    const place = JSON.stringify([view.name, view.profile]);
    // A pod that was looked at twice is not two pods.
    const look = seen.get(place) ?? 0;
    seen.set(place, look + 1);
    const key = view.target === undefined || view.trouble !== undefined ? `${index}` : `${look} ${outcomeOf(view)}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [view]);
    else known.push(view);
  }
  return [...found.values()];
}

/** All of a view but what tells replicas apart. */
function outcomeOf({ identity, profile, target, observation, rows, violations, judged }: OutcomeView): string {
  return JSON.stringify([
    identity,
    profile,
    target?.image,
    observation?.lens,
    observation?.view,
    rows.map(({ profile: from, profileVersion, key, word }) => [from, profileVersion, key, word]),
    violations,
    judged.comparison,
  ]);
}

/** The pod, or the workload of several. */
export function titleOf([{ name, target }, ...others]: Replicas): string {
  if (others.length === 0 || target === undefined) return name;
  return [target.namespace, target.owner.kind, target.owner.name, target.container].join('/');
}

export const podOf = ({ target, name }: OutcomeView): string => target?.pod ?? name;

/** Equal replicas as one, under the name of their workload. */
export interface FoldedView extends OutcomeView {
  /** One, unless replicas were folded. */
  pods: readonly string[];
}

/** For reports that are read from top to bottom: what twelve replicas have in common is said once. */
export const foldReplicas = (views: readonly OutcomeView[]): FoldedView[] => toReplicas(views).map(fold);

function fold(same: Replicas): FoldedView {
  const [first] = same;
  if (same.length === 1) return { ...first, pods: [podOf(first)] };
  const name = `${titleOf(same)} (${same.length} pods)`;
  const rows = first.rows.map(row => ({ ...row, target: { ...row.target, name } }));
  return { ...first, name, rows, pods: same.map(podOf) };
}

/** Who stands behind each folded view; `shown` makes a name fit for the report. */
export const foldedPods = (views: readonly FoldedView[], shown = (name: string) => name): string[] =>
  views
    .filter(({ pods }) => pods.length > 1)
    .map(({ name, pods }) => `${shown(name)} with equal results: ${listed(pods.map(shown))}`);
