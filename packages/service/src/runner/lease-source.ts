// SPDX-License-Identifier: Apache-2.0
import type { Kept } from '../blobs/blobs.ts';
import type { QuestionAnswer } from '../domain/question.ts';
import type { RunEvent } from '../queue/attempts.ts';
import type { Ending, Lease, Leases, Word } from '../queue/leases.ts';
import type { Questions, TakenQuestion } from '../queue/questions.ts';

/** Where a runner gets scans from, and whom it tells how they ended. */
export interface LeaseSource {
  take(): Promise<Lease | undefined>;
  /** Says that the runner lives. */
  touch(lease: Lease): Promise<Word>;
  tell(lease: Lease, events: RunEvent[]): Promise<void>;
  /** Takes a report before the end of its run is told. */
  keep(lease: Lease, content: AsyncIterable<Uint8Array>): Promise<Kept>;
  /** false: another attempt counts by now. */
  end(lease: Lease, ending: Ending): Promise<boolean>;
  /** Gives the scan back for another runner. */
  release(lease: Lease): Promise<void>;
  /** What somebody wants to know of a cluster. */
  takeQuestion(): Promise<TakenQuestion | undefined>;
  answer(question: TakenQuestion, answer: QuestionAnswer): Promise<void>;
}

/** For a runner in the process of the service, or beside its database. */
export const ownLeases = (
  { leases, questions }: { leases: Leases; questions: Questions },
  { runner, regions }: { runner: string; regions: readonly (string | null)[] },
): LeaseSource => ({
  take: () => leases.take(runner, regions),
  touch: lease => leases.touch(lease),
  tell: (lease, events) => leases.tell(lease, events),
  keep: (_lease, content) => leases.keep(content),
  end: (lease, ending) => leases.end(lease, ending),
  release: lease => leases.release(lease),
  takeQuestion: () => questions.take(runner, regions),
  answer: async ({ id }, answer) => void (await questions.answer(id, runner, answer)),
});
