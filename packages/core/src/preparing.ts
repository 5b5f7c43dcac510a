// SPDX-License-Identifier: Apache-2.0
import type { Connection } from './cluster/index.ts';
import { type Engine, type EngineInstall, type EngineSettings, findEngine } from './engine/index.ts';
import { Cache, type Preparing, readConfigMap } from './profile/index.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

/** What of a request says how its profiles are fetched and read. */
export type ProfileRequest = Pick<ScanRequest, 'inputs' | 'offline' | 'credentials'> & {
  /** Of the targets; a ConfigMap without a namespace is looked for in the first. */
  plan?: { namespaces: string[] };
};

export interface PreparingParts {
  engine: Engine;
  scratch: string;
  /** Undefined where no cluster is asked. */
  connection: Connection | undefined;
}

/** The effects of a run as far as its profiles need them. */
export function makePreparing(
  { inputs, offline, credentials, plan }: ProfileRequest,
  { engine: { cacheDirectory, path, installEnvironment }, emit, signal }: Pick<Deps, 'engine' | 'emit' | 'signal'>,
  { engine, scratch, connection }: PreparingParts,
): Preparing {
  return {
    engine,
    scratch,
    inputs,
    fetching: {
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
    },
  };
}

/** The engine of this machine; nothing is installed where nothing may be fetched. */
export const findEngineFor = ({ offline }: { offline: boolean }, settings: EngineSettings): Promise<EngineInstall> =>
  findEngine({ ...settings, offline });
