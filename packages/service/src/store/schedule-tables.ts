// SPDX-License-Identifier: Apache-2.0
import type { ColumnType, JSONColumnType } from 'kysely';
import type { Ask } from '../domain/ask.ts';
import type { FiringOutcome } from '../domain/schedule.ts';

interface ScheduleTable {
  id: string;
  team_id: ColumnType<string, never, never>;
  slug: string;
  cron: string | null;
  zone: string | null;
  every_seconds: number | null;
  /** What `every` counts from. */
  anchor_at: Date;
  jitter_seconds: number;
  ask: JSONColumnType<Ask>;
  /** Whom to tell of the end of each scan: as it may be shown, and as it is. */
  callback_shown: string | null;
  callback_sealed: Uint8Array | null;
  /** In whose name scans are asked for. */
  made_by: string;
  paused_at: Date | null;
  /** When it fires next, by its cadence. */
  nominal_at: Date | null;
  /** The same with its delay. */
  due_at: Date | null;
  /** What the clock said when that was reckoned: it may go back. */
  planned_at: Date;
  created_at: ColumnType<Date, never, never>;
}

interface ScheduleFiringTable {
  schedule_id: string;
  /** By the cadence. A schedule fires once for each. */
  at: Date;
  team_id: ColumnType<string, never, never>;
  fired_at: Date;
  /** The first firing that nobody saw to: this one stands for all since then. */
  missed_since: Date | null;
  outcome: FiringOutcome;
  /** Somebody else had asked for the same scan. */
  joined: ColumnType<boolean, boolean | undefined, boolean>;
  /** The scan that was asked for, or the one that still ran. */
  scan_id: string | null;
  error: JSONColumnType<{ code: string; message: string; remedy: string }> | null;
}

export interface ScheduleTables {
  schedule: ScheduleTable;
  schedule_firing: ScheduleFiringTable;
}
