// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, controlStatus, type Hdf, isEvaluated, isWaived, type Selected } from '../outcome/index.ts';
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
  /** Evaluated then, and not now: skipped, gone or errored. */
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
  evaluated: boolean;
  waived: boolean;
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
    classify(before, now, options),
    baseline === undefined ? [] : profileChanges(baseline, current),
    options,
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
    ? { kind: 'refused', reason: 'baseline-invalid', problem: `the baseline cannot be used: ${checked.problem}` }
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
    found.set(copy === 1 ? key : `${key}#${copy}`, {
      id,
      status: controlStatus(base, options).value,
      evaluated: isEvaluated(base),
      waived: isWaived(base, options),
    });
  }
  return found;
}

const isBad = (status: ControlStatus | undefined) => status === 'failed' || status === 'error';

type Change = 'new' | 'known' | 'fixed' | 'lost' | 'waived' | 'unchanged';

/** Leaves out what is neither better, worse nor the same, such as skipped to passed. */
function classify(
  before: Map<string, Keyed>,
  now: Map<string, Keyed>,
  { allowEmpty }: GateOptions,
): Record<Change, string[]> {
  const changes: Record<Change, string[]> = { new: [], known: [], fixed: [], lost: [], waived: [], unchanged: [] };
  for (const [key, is] of now) {
    const change = changeOf(before.get(key), is);
    if (change !== undefined) changes[change].push(is.id);
  }
  // A file that lists findings alone leaves out what is fixed.
  const gone = allowEmpty ? 'fixed' : 'lost';
  for (const [key, was] of before) if (was.evaluated && !now.has(key)) changes[gone].push(was.id);
  return changes;
}

function changeOf(was: Keyed | undefined, is: Keyed): Change | undefined {
  if (isBad(is.status) && !isBad(was?.status)) return 'new';
  return was === undefined ? undefined : laterOf(was, is);
}

function laterOf(was: Keyed, is: Keyed): Change | undefined {
  if (was.evaluated && !is.evaluated) return is.waived ? 'waived' : 'lost';
  if (isBad(is.status)) return 'known';
  if (was.status === is.status) return 'unchanged';
  return isBad(was.status) && is.status === 'passed' ? 'fixed' : undefined;
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

function conclude(
  { waived, ...changes }: Record<Change, string[]>,
  warnings: Warning[],
  { strict }: GateOptions,
): Comparison {
  const isWorse = changes.new.length > 0 || changes.lost.length > 0 || (strict && waived.length > 0);
  const reason: Reason = isWorse ? 'regression' : 'pass';
  const message = 'evaluated in the baseline, and waived now';
  const told: Warning[] = waived.length > 0 ? [{ code: 'waived-since-baseline', message, controls: waived }] : [];
  return { exit: reasons[reason], reason, ...changes, warnings: [...warnings, ...told] };
}
