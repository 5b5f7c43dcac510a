// SPDX-License-Identifier: Apache-2.0
import type { Connection, ConnectOptions } from '../cluster/index.ts';
import { connectOperator } from './operator-connection.ts';
import { secretsOf } from './run-secrets.ts';
import type { Deps } from './scan-request.ts';

/** What it takes to ask a cluster as its operator. */
export type ClusterDeps = Pick<Deps, 'access' | 'context' | 'token' | 'signal' | 'emit' | 'secrets' | 'environment'>;

/** The operator's connection, closed at the end of its use. */
export async function openCluster(
  deps: ClusterDeps,
  more: Pick<ConnectOptions, 'retry'> = {},
): Promise<Disposable & { connection: Connection }> {
  const connection = await connectOperator({ ...deps, secrets: secretsOf(deps) }, more);
  return { connection, [Symbol.dispose]: () => connection.close() };
}
