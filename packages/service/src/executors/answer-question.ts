// SPDX-License-Identifier: Apache-2.0
// In the process that has the clusters' credentials: what somebody wants to know of one.
import {
  type ClusterDeps,
  type ClusterFinding,
  checkCluster,
  isScanError,
  listTargets,
  parseSelector,
  resolveAccess,
  ScanError,
  Secret,
  type Workload,
} from '@cinc-scan/core';
import type { CheckFinding, QuestionAnswer } from '../domain/question.ts';
import type { QuestionOrder } from './protocol.ts';

/** Who is asked what, and until when. */
export type Asked = Omit<QuestionOrder, 'kind' | 'job' | 'kubeconfig' | 'context'> & {
  kubeconfig?: string | undefined;
  context?: string | undefined;
};

type FailureOf = Pick<ScanError, 'code' | 'message' | 'remedy'>;

/** Never rejects with what the cluster did: that is an answer too. */
export async function answerQuestion(order: Asked, signal: AbortSignal): Promise<QuestionAnswer> {
  const late = AbortSignal.timeout(order.milliseconds);
  const deps: ClusterDeps = {
    access: resolveAccess(order.kubeconfig === undefined ? undefined : new Secret(order.kubeconfig), process.env),
    context: order.context,
    token: undefined,
    environment: process.env,
    emit: () => undefined,
    signal: AbortSignal.any([signal, late]),
  };
  try {
    return await answerOf(order, deps);
  } catch (error) {
    if (late.aborted) return failed(new ScanError('CLUSTER_UNREACHABLE', 'It did not answer in time'));
    if (isScanError(error)) return failed(error);
    throw error;
  }
}

async function answerOf({ ask }: Asked, deps: ClusterDeps): Promise<QuestionAnswer> {
  if (ask.kind === 'check') return checkAnswerOf(ask.namespaces, deps);
  const { namespaces, selector, after, limit } = ask;
  const page = await listTargets(
    {
      namespaces: namespaces ?? undefined,
      selector: selector === null ? undefined : parseSelector(selector),
      after: after ?? undefined,
      limit,
    },
    deps,
  );
  return {
    kind: 'targets',
    workloads: page.workloads.map(toAnswered),
    hasMore: page.hasMore,
    unasked: page.unasked.map(({ namespace, error }) => ({ namespace, error: toFailure(error) })),
  };
}

/** What a cluster's credential is good for, as an answer. */
async function checkAnswerOf(
  namespaces: string[] | null,
  deps: ClusterDeps,
): Promise<QuestionAnswer & { kind: 'check' }> {
  const findings = await checkCluster({ namespaces: namespaces ?? undefined }, deps);
  return { kind: 'check', findings: findings.map(toCheckFinding) };
}

const toCheckFinding = ({ check, namespace, state, said, ...rest }: ClusterFinding): CheckFinding => ({
  check,
  namespace: namespace ?? null,
  state,
  said: said.slice(0, 20_000),
  remedy: 'remedy' in rest ? rest.remedy.slice(0, 20_000) : null,
});

const toAnswered = ({ problems, ...workload }: Workload) => ({ ...workload, problems: problems.map(toFailure) });

const failed = (error: FailureOf): QuestionAnswer => ({ kind: 'failed', failure: toFailure(error) });

const toFailure = ({ code, message, remedy }: FailureOf) => ({
  code,
  message: message.slice(0, 20_000),
  remedy: remedy.slice(0, 5000),
});
