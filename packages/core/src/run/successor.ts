// SPDX-License-Identifier: Apache-2.0
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../cluster/index.ts';
import { isScanError } from '../errors/index.ts';
import { isPodThere, isSamePlace, type MissingTarget, type Plan, type Target } from '../plan/index.ts';

// A rollout whose new pod takes longer than this to start, once the old one is gone, is for the next scan.
const successorMs = 30_000;
// A controller makes the next pod a moment after it learns that one goes; a StatefulSet when that is gone.
const quietMs = 5000;

interface SuccessorWait {
  /** Uids of the pods that the run knows already. */
  planned: ReadonlySet<string>;
  plan: () => Promise<Plan>;
  /** For the old pod, which may be there for a while, on its way out. */
  cluster: Cluster;
  signal: AbortSignal | undefined;
}

/** Waits, for a while, for a new pod of the same workload: one that is yet to be made, or does not run yet. */
export async function awaitSuccessor(target: Target, waiting: SuccessorWait): Promise<Target | undefined> {
  const { planned, plan, cluster, signal } = waiting;
  const isNew = (each: Target | MissingTarget) =>
    'pod' in each && isSamePlace(each, target) && !planned.has(each.podUid);
  let [until, quietUntil] = [Date.now() + successorMs, Date.now() + quietMs];
  const isOver = () => Date.now() >= Math.min(until, quietUntil) || signal?.aborted === true;
  while (!isOver()) {
    const { targets, unplanned } = await plan().catch(whenNone);
    const found = targets.find(isNew);
    if (found !== undefined) return found;
    if (unplanned.some(each => isNew(each.target))) quietUntil = until;
    else if (await isPodThere(cluster, target)) [until, quietUntil] = [Date.now() + successorMs, Date.now() + quietMs];
    await pause(500);
  }
  return undefined;
}

/** While the only pod of a workload goes, its selector matches none. */
function whenNone(error: unknown): Pick<Plan, 'targets' | 'unplanned'> {
  if (isScanError(error) && error.code === 'NO_TARGETS') return { targets: [], unplanned: [] };
  throw error;
}
