// SPDX-License-Identifier: Apache-2.0
import type { JSONColumnType } from 'kysely';
import type { Question, QuestionAnswer } from '../domain/question.ts';

export interface QuestionTable {
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
