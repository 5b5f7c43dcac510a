// SPDX-License-Identifier: Apache-2.0
// Questions about clusters, on their way to a runner and back: rows, since whoever asks and whoever answers are often not one process.
import { catalogue, type ErrorCode, ScanError } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import { Bell } from '../domain/bell.ts';
import type { Question, QuestionAnswer } from '../domain/question.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';

interface AskedCluster {
  id: string;
  slug: string;
}

/** A question that a runner has taken. */
export interface TakenQuestion {
  id: string;
  ask: Question;
  cluster: { credential: string | undefined; context: string | undefined };
  /** Until nobody waits for the answer any more. */
  milliseconds: number;
}

export interface Asking {
  cluster: AskedCluster;
  /** For whom it is asked; null: the platform. */
  team: string | null;
  milliseconds: number;
}

/** Without having heard of the answer. */
const lookMs = 500;
const mostWaiting = 10;

export class Questions {
  private readonly store: Store;
  private readonly onAsked: () => void;

  constructor(store: Store, onAsked: () => void = () => undefined) {
    this.store = store;
    this.onAsked = onAsked;
  }

  /** Waits for the answer. Throws what kept the cluster from being asked, CLUSTER_UNASKED, SERVICE_QUOTA. */
  async ask<Kind extends Question['kind']>(
    ask: Question & { kind: Kind },
    { cluster, team, milliseconds }: Asking,
  ): Promise<QuestionAnswer & { kind: Kind }> {
    const expires = Date.now() + milliseconds;
    const id = await this.store.asPlatform(transaction => post(transaction, { ask, cluster, team, expires }));
    this.onAsked();
    try {
      const answer = await this.waitFor(id, expires);
      if (answer === undefined) throw unasked(cluster);
      if (answer.kind === 'failed') throw toError(answer.failure, cluster);
      if (isOfKind(answer, ask.kind)) return answer;
      throw unasked(cluster);
    } finally {
      await this.store.asPlatform(transaction => transaction.deleteFrom('question').where('id', '=', id).execute());
    }
  }

  private async waitFor(id: string, expires: number): Promise<QuestionAnswer | undefined> {
    const bell = new Bell();
    using _ = this.store.signals.on(id, () => bell.ring());
    for (;;) {
      bell.reset();
      const found = await this.store.asPlatform(transaction =>
        transaction.selectFrom('question').select('answer').where('id', '=', id).executeTakeFirst(),
      );
      if (found === undefined) return undefined;
      if (found.answer !== null) return found.answer;
      if (Date.now() > expires) return undefined;
      await bell.wait(Math.min(lookMs, Math.max(0, expires - Date.now()) + 1));
    }
  }

  /** The one that waits longest, of clusters of these regions; null: of those without a region. */
  take(runner: string, regions: readonly (string | null)[]): Promise<TakenQuestion | undefined> {
    return this.store.asPlatform(async transaction => {
      const found = await nextQuestion(transaction, regions);
      if (found === undefined) return undefined;
      await transaction.updateTable('question').set({ runner }).where('id', '=', found.id).execute();
      const { id, ask, credential, context, expires_at } = found;
      const cluster = { credential: credential ?? undefined, context: context ?? undefined };
      return { id, ask, cluster, milliseconds: Math.max(0, expires_at.getTime() - Date.now()) };
    });
  }

  /** false: nobody waits for it any more, or another runner was given it. */
  async answer(id: string, runner: string, answer: QuestionAnswer): Promise<boolean> {
    const { numUpdatedRows } = await this.store.asPlatform(transaction =>
      transaction
        .updateTable('question')
        .set({ answer: JSON.stringify(answer) })
        .where('id', '=', id)
        .where('runner', '=', runner)
        .where('answer', 'is', null)
        .executeTakeFirst(),
    );
    this.store.signals.say(id);
    return numUpdatedRows === 1n;
  }
}

/** What is left where whoever asked has died. */
export const forgetQuestions = (transaction: PlatformTransaction) =>
  transaction.deleteFrom('question').where('expires_at', '<', sql<Date>`now() - interval '1 minute'`).execute();

interface NewQuestion {
  ask: Question;
  cluster: AskedCluster;
  team: string | null;
  expires: number;
}

async function post(transaction: PlatformTransaction, { ask, cluster, team, expires }: NewQuestion): Promise<string> {
  const { waiting } = await transaction
    .selectFrom('question')
    .select(sql<number>`count(*)::int`.as('waiting'))
    .where(sql<boolean>`team_id is not distinct from ${team}::uuid`)
    .executeTakeFirstOrThrow();
  if (waiting >= mostWaiting)
    throw new ScanError('SERVICE_QUOTA', `${waiting} questions about clusters wait for their answers already`);
  const id = makeId();
  await transaction
    .insertInto('question')
    .values({
      id,
      cluster_id: cluster.id,
      team_id: team,
      ask: JSON.stringify(ask),
      expires_at: new Date(expires),
      runner: null,
      answer: null,
    })
    .execute();
  return id;
}

function nextQuestion(transaction: PlatformTransaction, regions: readonly (string | null)[]) {
  const named = regions.filter(region => region !== null);
  return transaction
    .selectFrom('question')
    .innerJoin('cluster', 'cluster.id', 'question.cluster_id')
    .select(['question.id', 'question.ask', 'question.expires_at', 'cluster.credential', 'cluster.context'])
    .where('question.runner', 'is', null)
    .where('question.expires_at', '>', new Date())
    .where(sql<boolean>`(region = any (${named}::text[]) or (${regions.includes(null)} and region is null))`)
    .orderBy('question.id')
    .limit(1)
    .forUpdate('question')
    .skipLocked()
    .executeTakeFirst();
}

const isOfKind = <Kind extends string>(answer: QuestionAnswer, kind: Kind): answer is QuestionAnswer & { kind: Kind } =>
  answer.kind === kind;

const unasked = ({ slug }: AskedCluster) =>
  new ScanError('CLUSTER_UNASKED', `No runner has answered for the cluster ${slug} in time`);

const isCode = (code: string): code is ErrorCode => code in catalogue;

/** What a runner says kept it, as an error of the cluster. */
function toError({ code, message, remedy }: { code: string; message: string; remedy: string }, { slug }: AskedCluster) {
  return new ScanError(isCode(code) ? code : 'CLUSTER_UNASKED', `Cluster ${slug}: ${message}`, { remedy });
}
