// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, controlStatus } from '../outcome/control.ts';
import type { Selected } from '../outcome/gated.ts';
import type { Hdf } from '../outcome/hdf.ts';
import { effectiveOptions, type GateOptions } from './judgement.ts';
import { type Reason, reasons, type Warning } from './reasons.ts';
import { type Checked, selectChecked } from './select.ts';

/** What changed against an earlier scan of the same target; control ids without their per-run hash. */
export interface Comparison {
  exit: 0 | 2 | 3;
  reason: Reason;
  problem?: string;
  new: string[];
  known: string[];
  fixed: string[];
  lost: string[];
  unchanged: string[];
  warnings: Warning[];
}

const empty = { new: [], known: [], fixed: [], lost: [], unchanged: [], warnings: [] };

/** `(generated from a.rb:36 8f3c…)`, the id of a describe block outside a control, has a new hash each run. */
export function stableId(id: string): string {
  return id.replace(/^(\(generated from .+:\d+) [0-9a-f]+\)$/, '$1)');
}

interface Keyed {
  id: string;
  status: ControlStatus;
}

/** Fails only on what got worse. An absent baseline (`undefined`) makes every bad control new. Pure. */
export function compareWithBaseline(baseline: Hdf | undefined, current: Hdf, options: GateOptions): Comparison {
  const effective = effectiveOptions(options);
  const checked = selectChecked(current, effective);
  if (checked.kind === 'refused') return uncompared(checked.reason, checked.problem);
  const earlier = baseline === undefined ? undefined : selectBaseline(baseline, effective);
  if (earlier?.kind === 'refused') return uncompared(earlier.reason, earlier.problem);
  const now = keyed(checked, effective);
  const before = earlier === undefined ? new Map<string, Keyed>() : keyed(earlier, effective);
  if (earlier !== undefined && !haveCommon(before, now, options))
    return uncompared('baseline-mismatch', 'the baseline and the results have no control in common');
  return conclude(
    classify(before, now),
    baseline === undefined ? [] : profileChanges(baseline, current),
    options.strict,
  );
}

/** An answer for results that were not compared. */
export const uncompared = (reason: Reason, problem: string): Comparison => ({
  ...empty,
  exit: reasons[reason],
  reason,
  problem,
});

/** Whatever keeps a baseline from being one is its own fault, not that of the results. */
function selectBaseline(baseline: Hdf, options: GateOptions): Checked {
  const checked = selectChecked(baseline, { ...options, allowEmpty: true });
  return checked.kind === 'refused'
    ? { kind: 'refused', reason: 'baseline-invalid', problem: `the baseline is of no use: ${checked.problem}` }
    : checked;
}

/** Files that list findings alone have none in common when there is nothing to find. */
function haveCommon(before: Map<string, Keyed>, now: Map<string, Keyed>, options: GateOptions): boolean {
  if (options.allowEmpty && (before.size === 0 || now.size === 0)) return true;
  return [...now.keys()].some(key => before.has(key));
}

function keyed({ sets }: Selected, options: GateOptions): Map<string, Keyed> {
  const found = new Map<string, Keyed>();
  const copies = new Map<string, number>();
  for (const { listed, base, profile } of sets.flatMap(set => set.controls)) {
    const stable = stableId(listed.id);
    const key = JSON.stringify([profile.name, stable]);
    const copy = (copies.get(key) ?? 0) + 1;
    copies.set(key, copy);
    const id = copy === 1 ? stable : `${stable}#${copy}`;
    found.set(copy === 1 ? key : `${key}#${copy}`, { id, status: controlStatus(base, options).value });
  }
  return found;
}

const isBad = (status: ControlStatus | undefined) => status === 'failed' || status === 'error';

type Change = 'new' | 'known' | 'fixed' | 'lost' | 'unchanged';

/** Leaves out what is neither better, worse nor the same, such as skipped to passed. */
function classify(before: Map<string, Keyed>, now: Map<string, Keyed>): Record<Change, string[]> {
  const changes: Record<Change, string[]> = { new: [], known: [], fixed: [], lost: [], unchanged: [] };
  for (const [key, { id, status }] of now) {
    const change = changeOf(before.get(key)?.status, status);
    if (change !== undefined) changes[change].push(id);
  }
  for (const [key, { id, status }] of before) if (status === 'passed' && !now.has(key)) changes.lost.push(id);
  return changes;
}

function changeOf(was: ControlStatus | undefined, is: ControlStatus): Change | undefined {
  if (isBad(is)) return isBad(was) ? 'known' : 'new';
  if (was === is) return 'unchanged';
  if (was === 'passed') return 'lost';
  return isBad(was) && is === 'passed' ? 'fixed' : undefined;
}

function profileChanges(baseline: Hdf, current: Hdf): Warning[] {
  const before = new Map(baseline.profiles.map(profile => [profile.name, profile]));
  const changed = current.profiles.filter(profile => {
    const was = before.get(profile.name);
    return was !== undefined && (was.version !== profile.version || was.sha256 !== profile.sha256);
  });
  const names = changed.map(profile => profile.name).join(', ');
  return changed.length === 0
    ? []
    : [{ code: 'baseline-profile-changed', message: `another version than in the baseline: ${names}`, controls: [] }];
}

function conclude(changes: Record<Change, string[]>, warnings: Warning[], strict: boolean): Comparison {
  const isLost = changes.lost.length > 0;
  const isWorse = changes.new.length > 0 || (strict && isLost);
  const reason: Reason = isWorse ? 'regression' : 'pass';
  const lost: Warning[] =
    isLost && !strict
      ? [{ code: 'coverage-lost', message: 'passed in the baseline, and not evaluated now', controls: changes.lost }]
      : [];
  return { exit: reasons[reason], reason, ...changes, warnings: [...warnings, ...lost] };
}
