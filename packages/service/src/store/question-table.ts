// SPDX-License-Identifier: Apache-2.0
import type { JSONColumnType } from 'kysely';
import type { Question, QuestionAnswer } from '../domain/question.ts';

interface QuestionTable {
  id: string;
  cluster_id: string;
  /** null: the platform asks. */
  team_id: string | null;
  ask: JSONColumnType<Question>;
  expires_at: Date;
  /** Who was given it. */
  runner: string | null;
  answer: JSONColumnType<QuestionAnswer> | null;
}

/** Of strangers, in a minute. */
interface FailedSignInTable {
  address: Uint8Array;
  minute: Date;
  count: number;
}

/** What a pod presents that runs one attempt. */
interface LeaseTicketTable {
  scan_id: string;
  attempt: number;
  public_id: string;
  hash: Uint8Array;
  expires_at: Date;
  /** Since when it opens nothing any more. */
  used_at: Date | null;
  /** Who has the attempt by it; null where it was withdrawn. */
  taken_by: string | null;
  /** Of the key that it was traded for. */
  key_public_id: string | null;
  key_hash: Uint8Array | null;
  key_expires_at: Date;
}

/** Rows of the moment: no backup has them. */
export interface PassingTables {
  question: QuestionTable;
  lease_ticket: LeaseTicketTable;
  failed_sign_in: FailedSignInTable;
}
