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

/** Rows of the moment: no backup has them. */
export interface PassingTables {
  question: QuestionTable;
  failed_sign_in: FailedSignInTable;
}
