// SPDX-License-Identifier: Apache-2.0
import type { QuestionAnswer } from '../domain/question.ts';
import type { RunEvent } from '../queue/attempts.ts';
import type { Ending, Lease } from '../queue/leases.ts';
import type { TakenQuestion } from '../queue/questions.ts';
import type { Keep } from './run-reports.ts';

export interface Watch {
  onEvent: (event: RunEvent) => void;
  signal: AbortSignal;
  /** Takes what the run left. */
  keep: Keep;
  /** The runner stops: what cannot go on without it is given back. */
  stopping: AbortSignal;
  /** Somebody else has the lease now, and says that it lives. */
  handOver: () => void;
}

/** Where a runner runs what it has taken. */
export interface Executor extends AsyncDisposable {
  /** Never rejects. `elsewhere`: whoever has the lease by now tells how the attempt ends. */
  run(lease: Lease, watch: Watch): Promise<Ending | 'elsewhere'>;
  answer(question: TakenQuestion, signal: AbortSignal): Promise<QuestionAnswer>;
}
