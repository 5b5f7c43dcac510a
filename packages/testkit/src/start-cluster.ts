// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assembleCluster, type ClusterOptions, type EmbeddedCluster } from './cluster/cluster.ts';
import { openImageStore } from './images/store.ts';
import { createRuncRuntime } from './runtime/runc.ts';
import type { Runtime } from './runtime/runtime.ts';

export interface StartOptions extends ClusterOptions {
  /** The images to have ready before it starts; all that the image store knows if not given. */
  images?: string[];
}

/** A Kubernetes API on loopback whose pods are real containers. */
export async function startCluster(options: StartOptions = {}): Promise<EmbeddedCluster> {
  const { runtime } = options;
  if (runtime !== undefined) return assembleCluster({ ...options, runtime });
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'embedded-cluster-')));
  const made = await makeRuntime(stateDir, options.images);
  const cluster = await assembleCluster({ ...options, stateDir, runtime: made });
  const close = async (): Promise<void> => {
    await cluster.close();
    await made[Symbol.asyncDispose]();
    if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
  };
  return { ...cluster, close, [Symbol.asyncDispose]: close };
}

async function makeRuntime(stateDir: string, names: string[] | undefined): Promise<Runtime> {
  const images = await openImageStore();
  await images.ensure(names);
  return createRuncRuntime({ stateDir: join(stateDir, 'runtime'), images });
}
