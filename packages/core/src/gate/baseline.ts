// SPDX-License-Identifier: Apache-2.0
import { type ControlStatus, controlStatus, type Reading } from '../outcome/control.ts';
import { type Selection, selectGated } from '../outcome/gated.ts';
import type { Hdf } from '../outcome/hdf.ts';
import type { GateOptions } from './evaluate.ts';
import { type Reason, reasons, type Warning } from './reasons.ts';

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
  const effective: GateOptions = options.strict ? { ...options, profiles: 'all' } : options;
  const now = keyed(current, effective);
  const before = baseline === undefined ? new Map<string, Keyed>() : keyed(baseline, effective);
  if (!(now instanceof Map)) return refusal('hdf-ambiguous', now.problem);
  if (!(before instanceof Map)) return refusal('hdf-ambiguous', before.problem);
  if (baseline !== undefined && ![...now.keys()].some(key => before.has(key)))
    return refusal('baseline-mismatch', 'the baseline and the results have no control in common');
  return conclude(
    classify(before, now),
    baseline === undefined ? [] : profileChanges(baseline, current),
    options.strict,
  );
}

const refusal = (reason: Reason, problem: string): Comparison => ({ ...empty, exit: reasons[reason], reason, problem });

function keyed(hdf: Hdf, options: GateOptions): Map<string, Keyed> | Extract<Selection, { kind: 'ambiguous' }> {
  const selection = selectGated(hdf, options.profiles);
  if (selection.kind === 'ambiguous') return selection;
  const reading: Reading = { strict: options.strict, now: options.now };
  const found = new Map<string, Keyed>();
  for (const { listed, base, profile } of selection.sets.flatMap(set => set.controls)) {
    const stable = stableId(listed.id);
    let id = stable;
    for (let copy = 2; found.has(keyOf(profile.name, id)); copy++) id = `${stable}#${copy}`;
    found.set(keyOf(profile.name, id), { id, status: controlStatus(base, reading).value });
  }
  return found;
}

const keyOf = (profile: string, id: string) => JSON.stringify([profile, id]);
const isBad = (status: ControlStatus | undefined) => status === 'failed' || status === 'error';

type Changes = Pick<Comparison, 'new' | 'known' | 'fixed' | 'lost' | 'unchanged'>;

function classify(before: Map<string, Keyed>, now: Map<string, Keyed>): Changes {
  const changes: Changes = { new: [], known: [], fixed: [], lost: [], unchanged: [] };
  for (const [key, { id, status }] of now) {
    const was = before.get(key)?.status;
    if (isBad(status)) changes[isBad(was) ? 'known' : 'new'].push(id);
    else if (isBad(was) && status === 'passed') changes.fixed.push(id);
    else if (was === 'passed' && status !== 'passed') changes.lost.push(id);
    else changes.unchanged.push(id);
  }
  for (const [key, { id, status }] of before) if (status === 'passed' && !now.has(key)) changes.lost.push(id);
  return changes;
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

function conclude(changes: Changes, warnings: Warning[], strict: boolean): Comparison {
  const worse = changes.new.length > 0 || (strict && changes.lost.length > 0);
  const reason: Reason = worse ? 'regression' : 'pass';
  const lost: Warning[] =
    changes.lost.length > 0 && !strict
      ? [{ code: 'coverage-lost', message: 'passed in the baseline, and not evaluated now', controls: changes.lost }]
      : [];
  return { exit: reasons[reason], reason, ...changes, warnings: [...warnings, ...lost] };
}
