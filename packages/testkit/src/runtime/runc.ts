// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { ImageStore } from '../images/store.ts';
import { readOwnCapabilities } from './capabilities.ts';
import { findCgroups } from './cgroup.ts';
import { execIn } from './exec.ts';
import type { Launched } from './launch.ts';
import { claim, sweep } from './owner.ts';
import { removeTree } from './rootfs.ts';
import {
  CannotStart,
  type ContainerSpec,
  type ExecProcess,
  ImageMissing,
  type RunningContainer,
  type Runtime,
  type SandboxSpec,
} from './runtime.ts';
import { closeSandbox, openSandbox, preparePause, type Sandbox } from './sandbox.ts';
import { type Host, type Image, startIn } from './start.ts';

export interface RuncOptions {
  /** A directory of this runtime's own; what an owner that died left in it is cleaned away at the start. */
  stateDir: string;
  images: Pick<ImageStore, 'rootfs' | 'config'>;
}

/** Real OCI containers. Needs root, because it mounts, makes namespaces and cgroups. */
export async function createRuncRuntime(options: RuncOptions): Promise<Runtime> {
  const place = { stateDir: resolve(options.stateDir), cgroups: await findCgroups() };
  await claim(place.stateDir, place.cgroups);
  await preparePause(place);
  return new RuncRuntime({ place, own: await readOwnCapabilities() }, options.images);
}

class RuncRuntime implements Runtime {
  readonly #host: Host;
  readonly #images: RuncOptions['images'];
  readonly #sandboxes = new Map<string, Promise<Sandbox>>();
  readonly #running = new Map<string, Launched>();

  constructor(host: Host, images: RuncOptions['images']) {
    this.#host = host;
    this.#images = images;
  }

  imageConfig(image: string) {
    return this.#images.config(image);
  }

  async startSandbox(spec: SandboxSpec): Promise<void> {
    if (this.#sandboxes.has(spec.podUid)) {
      throw new CannotStart(`sandbox of pod "${spec.podUid}" exists already`);
    }
    const opening = openSandbox(this.#host.place, spec);
    this.#sandboxes.set(spec.podUid, opening);
    await opening.catch((error: unknown) => {
      this.#sandboxes.delete(spec.podUid);
      throw error;
    });
  }

  async start(spec: ContainerSpec): Promise<RunningContainer> {
    const image = this.#findImage(spec.image);
    const sandbox = await this.#sandboxes.get(spec.podUid);
    if (sandbox === undefined) {
      throw new CannotStart(`failed to find sandbox of pod "${spec.podUid}"`);
    }
    const target = spec.joinPidOf === undefined ? undefined : this.#findRunning(spec.joinPidOf);
    const starting = startIn(this.#host, { sandbox, image, spec, target });
    sandbox.starting.add(starting);
    const container = await starting.finally(() => sandbox.starting.delete(starting));
    this.#running.set(spec.id, container);
    void this.#forgetWhenEnded(container);
    return container;
  }

  async exec(containerId: string, command: string[], options: { stdin: boolean }): Promise<ExecProcess> {
    return execIn(this.#host.place, this.#findRunning(containerId), { command, stdin: options.stdin });
  }

  async stopSandbox(podUid: string): Promise<void> {
    const opening = this.#sandboxes.get(podUid);
    this.#sandboxes.delete(podUid);
    const sandbox = await opening?.catch(() => undefined);
    if (sandbox !== undefined) {
      await closeSandbox(this.#host.place, sandbox);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stateDir, cgroups } = this.#host.place;
    await Promise.all([...this.#sandboxes.keys()].map(async podUid => this.stopSandbox(podUid)));
    await sweep(stateDir, cgroups);
    await removeTree(stateDir);
  }

  async #forgetWhenEnded(container: Launched): Promise<void> {
    await container.ended.catch(() => undefined);
    this.#running.delete(container.id);
  }

  #findImage(name: string): Image {
    const [rootfs, config] = [this.#images.rootfs(name), this.#images.config(name)];
    if (rootfs === undefined || config === undefined) {
      throw new ImageMissing(name);
    }
    return { rootfs, config };
  }

  #findRunning(id: string): Launched {
    const container = this.#running.get(id);
    if (container === undefined) {
      throw new CannotStart(`container "${id}" is not running`);
    }
    return container;
  }
}
