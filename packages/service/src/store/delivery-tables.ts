// SPDX-License-Identifier: Apache-2.0
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { DeliveryState } from '../domain/delivery-states.ts';

/** What came of the last try. */
export interface LastAnswer {
  at: string;
  /** null: nobody answered. */
  status: number | null;
  problem: string | null;
}

/** Something that has to be told, written with the facts that it tells of. */
interface DeliveryTable {
  /** The receiver knows by it what it has got already. */
  id: string;
  n: Generated<number | string>;
  team_id: ColumnType<string, never, never>;
  kind: string;
  /** What it is about: of one subject, each destination is told in order. */
  subject: string;
  destination: string;
  /** The address as it may be shown: without path and query, which may hold secrets. */
  shown: string;
  /** Address and credential. */
  sealed: Uint8Array;
  body: JSONColumnType<Record<string, unknown>>;
  state: Generated<DeliveryState>;
  attempts: Generated<number>;
  next_at: ColumnType<Date, Date | undefined, Date>;
  /** Somebody is at it until then. */
  held_until: ColumnType<Date | null, never, Date | null>;
  last_answer: ColumnType<LastAnswer | null, never, string>;
  created_at: ColumnType<Date, never, never>;
  finished_at: ColumnType<Date | null, never, Date | null>;
}

/** Who wants to hear of the end of a scan. */
interface ScanCallbackTable {
  id: string;
  scan_id: string;
  team_id: ColumnType<string, never, never>;
  shown: string;
  sealed: Uint8Array;
}

/** What a team's messages are signed with. */
interface SigningSecretTable {
  team_id: ColumnType<string, never, never>;
  sealed: Uint8Array;
  created_at: ColumnType<Date, never, Date>;
}

export interface DeliveryTables {
  delivery: DeliveryTable;
  scan_callback: ScanCallbackTable;
  signing_secret: SigningSecretTable;
}
