// SPDX-License-Identifier: Apache-2.0
import type { ImageConfig } from '../images/store.ts';
import { decideCapabilities } from './capabilities.ts';
import { listHostDevices } from './host-devices.ts';
import { containerFolder, type Launched, launch, type Place } from './launch.ts';
import { makeRootfs } from './rootfs.ts';
import type { ContainerSpec } from './runtime.ts';
import { mountsFor, namespacesFor, podCgroup, type Sandbox } from './sandbox.ts';
import type { Decided } from './spec.ts';
import { decideUser } from './user.ts';

export interface Host {
  place: Place;
  /** The capabilities of this process. */
  own: readonly string[];
}

export interface Image {
  rootfs: string;
  config: ImageConfig;
}

export interface Start {
  sandbox: Sandbox;
  image: Image;
  spec: ContainerSpec;
  target: Launched | undefined;
}

export async function startIn(host: Host, start: Start): Promise<Launched> {
  const { place } = host;
  const folder = containerFolder(place, start.spec.id);
  const rootfs = await makeRootfs(folder, start.image.rootfs);
  const decided = await decide(host, { ...start, rootfs });
  const container = await launch(place, { id: start.spec.id, decided, stdin: start.spec.stdin ?? false });
  start.sandbox.containers.set(container.id, container);
  return container;
}

/** Kubernetes' settings in the terms of the OCI specification. */
async function decide(host: Host, start: Start & { rootfs: string }): Promise<Decided> {
  const { sandbox, image, spec } = start;
  const { security } = spec;
  return {
    user: await decideUser(start.rootfs, image.config, security),
    capabilities: decideCapabilities(security, host.own),
    args: commandLine(spec, image.config),
    env: spec.env,
    cwd: spec.workingDir ?? '/',
    rootfs: start.rootfs,
    readOnly: security.readOnlyRootFilesystem,
    privileged: security.privileged,
    noNewPrivileges: !security.allowPrivilegeEscalation && !security.privileged,
    seccomp: security.seccomp === 'RuntimeDefault' && !security.privileged,
    hostname: sandbox.spec.hostname,
    namespaces: namespacesFor(host.place, sandbox, start.target),
    cgroupsPath: `${podCgroup(host.place, spec.podUid)}/${spec.id}`,
    memoryLimitBytes: spec.memoryLimitBytes,
    mounts: mountsFor(sandbox, spec),
    devices: security.privileged ? await listHostDevices() : [],
  };
}

/** A command of the pod replaces the image's command, and with it the image's arguments. */
function commandLine(spec: ContainerSpec, image: ImageConfig): string[] {
  return [...(spec.command.length > 0 ? spec.command : image.command), ...spec.args];
}
