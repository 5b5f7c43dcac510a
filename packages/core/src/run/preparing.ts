// SPDX-License-Identifier: Apache-2.0
import type { Connection } from '../cluster/index.ts';
import type { AuditInputs, Engine } from '../engine/index.ts';
import { Cache, type Fetching, type Preparing, readConfigMap } from '../profile/index.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** What of a request says how its profiles are fetched and read. */
export type ProfileRequest = Pick<ScanRequest, 'offline' | 'credentials'> & {
  /** Profiles that come with the request. */
  embedded?: ScanRequest['embedded'];
  /** Of the targets; a ConfigMap without a namespace is looked for in the first. */
  plan?: { namespaces: string[] };
};

export interface PreparingParts {
  engine: Engine;
  inputs: AuditInputs;
  scratch: string;
  /** Undefined where no cluster is asked. */
  connection: Connection | undefined;
}

type ProfileDeps = Pick<Deps, 'engine' | 'emit' | 'signal' | 'descriptions'>;

/** The effects of a run as far as its profiles need them. */
export function makePreparing(request: ProfileRequest, deps: ProfileDeps, parts: PreparingParts): Preparing {
  const { engine, scratch, inputs } = parts;
  return {
    engine,
    scratch,
    inputs,
    ...(deps.descriptions && { descriptions: deps.descriptions }),
    fetching: makeFetching(request, deps, parts),
  };
}

/** Those for fetching them alone. */
export function makeFetching(
  { offline, credentials, plan, embedded = new Map() }: ProfileRequest,
  { engine: { cacheDirectory, path, installEnvironment }, emit, signal }: ProfileDeps,
  { scratch, connection }: Pick<PreparingParts, 'scratch' | 'connection'>,
): Fetching {
  return {
    embedded,
    cache: new Cache(cacheDirectory),
    scratch,
    offline,
    credentials,
    path,
    environment: installEnvironment,
    readConfigMap:
      connection &&
      ((namespace, name) =>
        readConfigMap(connection.cluster, namespace ?? plan?.namespaces[0] ?? connection.namespace, name)),
    onNotice: text => emit({ kind: 'notice', text }),
    signal,
  };
}
