// SPDX-License-Identifier: Apache-2.0
import { type Connection, type ConnectOptions, connect } from '../cluster/index.ts';
import { safeLogLines } from '../report/index.ts';
import { Secrets } from '../request/index.ts';
import { makeRedactor } from '../results/index.ts';
import type { Deps } from './scan-request.ts';

type Needed = Pick<Deps, 'access' | 'context' | 'token' | 'secrets' | 'environment' | 'signal' | 'emit'>;

/** The operator's connection: what is secret on the way is registered, and what plugins say is told without it. */
export function connectOperator(deps: Needed, more: Pick<ConnectOptions, 'retry'> = {}): Promise<Connection> {
  const { access, context, token, environment, signal, secrets = new Secrets(), emit } = deps;
  const tell = (line: string) => {
    for (const text of safeLogLines(makeRedactor(secrets.all()).all(line))) emit({ kind: 'notice', text });
  };
  return connect({
    access,
    context,
    token,
    environment,
    secrets,
    ...(signal && { signal }),
    ...more,
    onPluginLine: tell,
  });
}
