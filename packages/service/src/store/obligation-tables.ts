// SPDX-License-Identifier: Apache-2.0
import type { ColumnType } from 'kysely';
import type { Gap } from '../domain/obligation.ts';
import type { ScheduleTables } from './schedule-tables.ts';

type OwnTeam = ColumnType<string, never, never>;

/** The last scan with a verdict that looked into a container under a profile. */
interface JudgedTable {
  team_id: OwnTeam;
  cluster: string;
  namespace: string;
  /** `deployment/web` */
  workload: string;
  container: string;
  profile: string;
  at: Date;
  scan_id: string;
}

interface ObligationTable {
  id: string;
  team_id: OwnTeam;
  slug: string;
  /** null: all that the team may scan in. */
  cluster: string | null;
  namespaces: string[] | null;
  selector: string | null;
  profile: string;
  within_days: number;
  grace_days: number;
  made_by: string;
  created_at: ColumnType<Date, never, never>;
  /** When clusters were last asked what they have. */
  listed_at: Date | null;
  list_due_at: Date;
  gaps: ColumnType<Gap[], string | undefined, string>;
}

/** What the cluster has. */
interface ObligationWorkloadTable {
  id: string;
  obligation_id: string;
  team_id: OwnTeam;
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
  /** That have to have been judged. */
  containers: string[];
  first_seen_at: Date;
  seen_at: Date;
}

/** What is scanned when, and what has to be. */
export interface TimedTables extends ScheduleTables {
  judged: JudgedTable;
  obligation: ObligationTable;
  obligation_workload: ObligationWorkloadTable;
}
