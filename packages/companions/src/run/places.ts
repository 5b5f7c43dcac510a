// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import {
  type Environment,
  type FindingsModel,
  type ObjectStore,
  type OpenedObject,
  openObject,
  openStore,
  type RetrySettings,
  readBounded,
  ScanError,
  type Secret,
  type StoreSurroundings,
} from '@cinc-scan/core';
import type { Consolidation, Given } from '../sources/consolidate.ts';
import { RunFolder } from './run-folder.ts';
import { StatePlace } from './state-place.ts';

/** Where a run is kept, as it was asked for. */
export interface PlacesRequest {
  /** A file, or the address of an object. */
  state: string | undefined;
  /** A folder or bucket for whole runs; the state of the scope lies there, unless it has a place of its own. */
  store: string | undefined;
  /** Of a server that is not the service's own. */
  storeEndpoint: string | undefined;
  /** Such a server may be asked without TLS. */
  storeInsecure: boolean;
  /** No two runs of the scope are ever at once: a server that ignores conditions will do. */
  stateUnguarded: boolean;
  /** What scanners left is not kept. */
  omitRaw: boolean;
}

export interface PlacesDeps {
  workspace: string;
  /** Holds credentials of stores, and names proxies. */
  environment?: Environment | undefined;
  /** Told what must not be printed, before it is first used. */
  onSecrets?: ((secrets: Secret[]) => void) | undefined;
  retry?: RetrySettings | undefined;
}

/** What a run has, beside the model of its reports, for those who come after. */
export interface RunMaterial extends Pick<Consolidation, 'sources'> {
  files: readonly Given[];
  /** Files, in the order of the sources. */
  hdf: readonly string[];
}

/** The places of one run. */
export class Places {
  readonly state: StatePlace | undefined;
  readonly #store: ObjectStore | undefined;
  readonly #omitRaw: boolean;
  #folder: RunFolder | undefined;

  constructor({ store, state }: OpenedPlaces, scope: string, request: PlacesRequest) {
    const own = state ?? (store && { store, name: `${scope}/state.json` });
    this.state = own && new StatePlace(own, request.stateUnguarded);
    this.#store = store;
    this.#omitRaw = request.omitRaw;
  }

  /** The folder of the run, once all of it is there. */
  get address(): string | undefined {
    return this.#folder?.address;
  }

  /** Puts the run into its folder; once more puts there what has changed by comparing again. */
  async keep(model: FindingsModel, { sources, files, hdf }: RunMaterial): Promise<void> {
    if (this.#store === undefined) return;
    if (this.#folder === undefined) {
      const [first, ...others] = hdf.map(path => ({ path: `hdf/${basename(path)}`, bytes: bytesOf(path) }));
      if (first === undefined) return; // there is no file of sources without one
      const folder = await RunFolder.claim(this.#store, model, first);
      for (const file of others) await folder.keep(file);
      if (!this.#omitRaw) await folder.keepRaw(sources, files);
      await folder.finish(model);
      this.#folder = folder;
    } else await this.#folder.finish(model);
  }

  /** Says in the folder, if it is there, how the run has ended after all. That it could not be kept is told already. */
  async retell(model: FindingsModel): Promise<void> {
    await this.#folder?.finish(model).catch(() => undefined);
  }
}

export interface OpenedPlaces {
  store: ObjectStore | undefined;
  state: Pick<OpenedObject, 'store' | 'name'> | undefined;
}

/** Everything about places that can be known before anybody is asked. */
export function openPlaces(request: PlacesRequest, deps: PlacesDeps): OpenedPlaces {
  const { workspace, environment = {}, retry } = deps;
  const surroundings: StoreSurroundings = {
    workspace,
    environment,
    endpoint: request.storeEndpoint,
    isInsecure: request.storeInsecure,
    ...(retry && { retry }),
  };
  const store = request.store === undefined ? undefined : openStore(request.store, surroundings);
  const state = request.state === undefined ? undefined : openObject(request.state, surroundings);
  deps.onSecrets?.([store, state].flatMap(opened => opened?.secrets ?? []));
  return { store: store?.store, state };
}

function bytesOf(path: string): Uint8Array {
  const read = readBounded(path, Number.MAX_SAFE_INTEGER);
  if (read.kind === 'bytes') return read.bytes;
  throw new ScanError('STORE_FAILED', `${path}: ${read.problem}`);
}
