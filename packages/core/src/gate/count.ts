// SPDX-License-Identifier: Apache-2.0
import {
  type ControlStatus,
  controlSeverity,
  controlStatus,
  controlsOf,
  type GatedSet,
  type Hdf,
  type HdfControl,
  type Reading,
  statuses,
} from '../outcome/index.ts';

/** How one control was counted. */
export interface Counted {
  id: string;
  profile: string;
  /** Its number in the file: counted from 0, through all profiles. */
  at: number;
  /** The number of the control whose status and severity count: its own, or that of the deepest of its overlays. */
  base: number;
  status: ControlStatus;
  /** As written: a mis-cased tag is no bucket's severity. */
  severity: string;
  statusBecause: string;
  severityBecause: string;
}

export type Counts = Record<ControlStatus, Record<string, number> & { total: number }>;

export interface Compliance {
  /** As SAF rounds it: whole percent. */
  rounded: number;
  passed: number;
  /** passed + failed + skipped + error. */
  total: number;
  /** Truncated to two decimals, as Heimdall shows it; null without any countable control. */
  percent: number | null;
}

/** The number of each control of a file. */
export type Numbers = ReadonlyMap<HdfControl, number>;

export const numberControls = (hdf: Hdf): Numbers =>
  new Map(controlsOf(hdf).map(({ control }, number) => [control, number]));

export function countSet(set: GatedSet, numbers: Numbers, reading: Reading): Counted[] {
  return set.controls.map(({ listed, base, profile }) => {
    const status = controlStatus(base, reading);
    const severity = controlSeverity(base, reading);
    return {
      id: listed.id,
      profile: profile.name,
      at: numbers.get(listed) ?? -1,
      base: numbers.get(base) ?? -1,
      status: status.value,
      severity: severity.value,
      statusBecause: status.because,
      severityBecause: severity.because,
    };
  });
}

export function toCounts(controls: Counted[]): Counts {
  const empty = () => ({ total: 0, critical: 0, high: 0, medium: 0, low: 0, none: 0 });
  const counts: Counts = { passed: empty(), failed: empty(), skipped: empty(), no_impact: empty(), error: empty() };
  for (const { status, severity } of controls) {
    const row = counts[status];
    row.total += 1;
    row[severity] = (row[severity] ?? 0) + 1;
  }
  return counts;
}

export function addCounts(all: Counts[]): Counts {
  const sum = toCounts([]);
  for (const counts of all)
    for (const status of statuses)
      for (const [severity, n] of Object.entries(counts[status]))
        sum[status][severity] = (sum[status][severity] ?? 0) + n;
  return sum;
}

export function toCompliance(counts: Counts): Compliance {
  const passed = counts.passed.total;
  const total = passed + counts.failed.total + counts.skipped.total + counts.error.total;
  return {
    rounded: total === 0 ? 0 : Math.round((100 * passed) / total),
    passed,
    total,
    percent: total === 0 ? null : Math.floor((10_000 * passed) / total) / 100,
  };
}
