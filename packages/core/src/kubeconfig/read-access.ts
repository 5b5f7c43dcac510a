// SPDX-License-Identifier: Apache-2.0
import type { Access, Environment } from '../request/index.ts';
import { choose } from './choose.ts';
import type { Chosen } from './chosen.ts';
import { inCluster } from './in-cluster.ts';
import { readKubeconfig } from './merge.ts';

export interface ReadSettings {
  /** The kubeconfig's current context unless told. */
  context: string | undefined;
  environment: Environment;
  /** Where relative paths start that are in no file. */
  workspace: string;
}

/** The context that is meant, as kubectl finds it. */
export function readAccess(access: Access, { context, environment, workspace }: ReadSettings): Chosen {
  if (access.kind === 'in-cluster') return inCluster(environment);
  return choose(readKubeconfig(access, workspace), context);
}
