// SPDX-License-Identifier: Apache-2.0
// Answers questions about clusters as a runner beside the service does, from what a test says that the clusters have.
import type { Question, QuestionAnswer } from '../domain/question.ts';
import { Questions, type TakenQuestion } from '../queue/questions.ts';
import type { TestStore } from './stores.ts';

export interface FakeRunner {
  /** For `onQueued` of the API. */
  wake: () => void;
  taken: TakenQuestion[];
}

/** undefined: it has the question and says nothing. */
export type AnswerOf = (ask: Question, credential: string | undefined) => QuestionAnswer | undefined;

export function fakeRunner({ store }: TestStore, answerOf: AnswerOf): FakeRunner {
  const questions = new Questions(store);
  const taken: TakenQuestion[] = [];
  const work = async () => {
    const question = await questions.take('a test', [null]);
    if (question === undefined) return;
    taken.push(question);
    const answer = answerOf(question.ask, question.cluster.credential);
    if (answer !== undefined) await questions.answer(question.id, 'a test', answer);
  };
  return { wake: () => void work(), taken };
}

interface Placed {
  namespace: string;
  name: string;
}

const workloadOf = ({ namespace, name }: Placed) => ({
  namespace,
  kind: 'Deployment',
  name,
  selectors: [`deployment/${name}`],
  containers: [{ name: 'app', images: ['app:1'], digests: [`sha256:${'a'.repeat(64)}`], isUsual: true }],
  pods: 1,
  lens: 'exec' as const,
  problems: [],
});

const fineServer = { check: 'server', namespace: null, state: 'fine', said: 'it answers', remedy: null } as const;

/** A cluster with these workloads, `namespace/name` in their order. */
export function clusterWith(workloads: readonly string[]): AnswerOf {
  const all = workloads.map(text => text.split('/')).map(([namespace = '', name = '']) => ({ namespace, name }));
  return ask => {
    if (ask.kind === 'check') return { kind: 'check', findings: [fineServer] };
    const { namespaces, after, limit } = ask;
    const keyOf = (place: Placed) => `${place.namespace}/${place.name}`;
    const left = all
      .filter(each => namespaces === null || namespaces.includes(each.namespace))
      .filter(each => after === null || keyOf(each) > keyOf(after));
    return {
      kind: 'targets',
      workloads: left.slice(0, limit).map(workloadOf),
      hasMore: left.length > limit,
      unasked: [],
    };
  };
}
