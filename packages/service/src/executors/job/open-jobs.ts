// SPDX-License-Identifier: Apache-2.0
import { connect, type Environment, resolveAccess, Secret } from '@cinc-scan/core';
import type { Executor } from '../executor.ts';
import { JobApi } from './job-api.ts';
import { JobExecutor, type JobParts } from './job-executor.ts';
import type { JobSettings } from './manifest.ts';

export interface JobPlan extends JobSettings {
  /** Of the cluster in which the Jobs are made; the usual one, or that of the pod that this runs in, unless told. */
  kubeconfig: string | undefined;
  /** That of the kubeconfig, or of the pod, unless told. */
  namespace: string | undefined;
  patienceSeconds: number;
}

/** Throws KUBECONFIG_INVALID. */
export async function openJobs(
  { kubeconfig, namespace, patienceSeconds, ...settings }: JobPlan,
  { environment, ...parts }: Pick<JobParts, 'tickets' | 'asker' | 'onError'> & { environment: Environment },
): Promise<Executor> {
  const access = resolveAccess(kubeconfig === undefined ? undefined : new Secret(kubeconfig), environment);
  const connection = await connect({ access, environment });
  const api = new JobApi(connection.cluster, namespace ?? connection.namespace);
  const executor = new JobExecutor({ api, settings, patienceSeconds, ...parts });
  return {
    run: (lease, watch) => executor.run(lease, watch),
    answer: (question, signal) => executor.answer(question, signal),
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]();
      connection.close();
    },
  };
}
