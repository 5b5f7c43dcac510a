// SPDX-License-Identifier: Apache-2.0
import { isScanError, ScanError } from '@cinc-scan/core';
import type { CheckFinding } from '../domain/question.ts';
import { type ClusterToCheck, clustersToCheck } from '../store/cluster-checks.ts';
import type { AskCluster, Check, Examined } from './check.ts';

/** Each registered cluster, by the credential that is there for it. */
export const checkClusters: Check = {
  name: 'clusters',
  async examine({ store, askCluster }) {
    const clusters = await store.asPlatform(clustersToCheck);
    if (clusters.length === 0) return [{ kind: 'fine', said: 'none is registered' }];
    const found: Examined[] = [];
    for (const cluster of clusters) found.push(...(await examineOne(cluster, askCluster)));
    return found;
  },
};

async function examineOne(cluster: ClusterToCheck, ask: AskCluster): Promise<Examined[]> {
  try {
    return (await ask(cluster)).map(finding => toExamined(cluster.slug, finding));
  } catch (error) {
    if (!isScanError(error)) throw error;
    return [{ kind: 'unchecked', error }];
  }
}

function toExamined(cluster: string, { check, namespace, state, said, remedy }: CheckFinding): Examined {
  const place = namespace === null ? check : `${check} in namespace ${namespace}`;
  const text = `${cluster}: ${place}: ${said}`;
  switch (state) {
    case 'fine':
      return { kind: state, said: text };
    case 'noticed':
    case 'broken':
      return { kind: state, said: text, remedy: remedy ?? '' };
    case 'unchecked':
      return { kind: state, error: new ScanError('CLUSTER_UNASKED', text, { remedy: remedy ?? '' }) };
  }
}
