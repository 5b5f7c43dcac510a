// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { ContainerSecurity, ContainerSpec, Mount } from '../../runtime/runtime.ts';
import type { Container, EnvVar, Pod, SecurityContext } from '../objects/objects.ts';

export interface Placement {
  id: string;
  /** The container whose PID namespace is joined. */
  joinPidOf: string | undefined;
  /** Where each volume of the pod is on the host. */
  volumes: Map<string, { path: string; readOnly: boolean }>;
}

export function toContainerSpec(pod: Pod, container: Container, placement: Placement): ContainerSpec {
  const env = { HOSTNAME: hostnameOf(pod), ...environment(pod, container.env ?? []) };
  return {
    id: placement.id,
    podUid: pod.metadata.uid,
    name: container.name,
    image: container.image,
    command: (container.command ?? []).map(word => expand(word, env)),
    args: (container.args ?? []).map(word => expand(word, env)),
    env,
    workingDir: container.workingDir,
    security: securityOf(pod, container),
    memoryLimitBytes: bytes(container.resources?.limits?.['memory']),
    joinPidOf: placement.joinPidOf,
    mounts: mountsOf(container, placement.volumes),
    stdin: container.stdin ?? false,
  };
}

export function hostnameOf(pod: Pod): string {
  return pod.spec.hostname ?? pod.metadata.name.slice(0, 63);
}

const defaults: Omit<ContainerSecurity, 'uid' | 'gid' | 'supplementalGroups'> = {
  addCapabilities: [],
  dropCapabilities: [],
  privileged: false,
  allowPrivilegeEscalation: true,
  readOnlyRootFilesystem: false,
};

export function securityOf(pod: Pod, container: Container): ContainerSecurity {
  const { capabilities = {}, ...own } = container.securityContext ?? {};
  return {
    ...defaults,
    ...identityOf(pod, container),
    ...pick(own),
    ...seccompOf(own.seccompProfile ?? pod.spec.securityContext.seccompProfile),
    addCapabilities: capabilities.add ?? [],
    dropCapabilities: capabilities.drop ?? [],
  };
}

function identityOf(pod: Pod, container: Container): Pick<ContainerSecurity, 'uid' | 'gid' | 'supplementalGroups'> {
  const {
    runAsUser,
    runAsGroup,
    supplementalGroups = [],
    fsGroup,
  } = {
    ...pod.spec.securityContext,
    ...container.securityContext,
  };
  return {
    uid: runAsUser,
    // A user given without a group has group 0.
    gid: runAsGroup ?? (runAsUser === undefined ? undefined : 0),
    supplementalGroups: [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])],
  };
}

function pick(own: SecurityContext): Partial<ContainerSecurity> {
  const { privileged, allowPrivilegeEscalation, readOnlyRootFilesystem } = own;
  return {
    ...(privileged === undefined ? {} : { privileged }),
    ...(allowPrivilegeEscalation === undefined ? {} : { allowPrivilegeEscalation }),
    ...(readOnlyRootFilesystem === undefined ? {} : { readOnlyRootFilesystem }),
  };
}

function seccompOf(profile: SecurityContext['seccompProfile']): Pick<ContainerSecurity, 'seccomp'> {
  return profile?.type === 'RuntimeDefault' ? { seccomp: 'RuntimeDefault' } : {};
}

export function mustBeNonRoot(pod: Pod, container: Container): boolean {
  return container.securityContext?.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot ?? false;
}

/** Later variables see earlier ones. */
function environment(pod: Pod, variables: EnvVar[]): Record<string, string> {
  const known: Record<string, string> = {};
  for (const one of variables) known[one.name] = expand(valueOf(pod, one), known);
  return known;
}

/** `$(NAME)` is the value of a variable, `$$(NAME)` the text itself, and an unknown name is left as it is. */
function expand(text: string, known: Record<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return known[name] ?? whole;
  });
}

function valueOf(pod: Pod, variable: EnvVar): string {
  const path = variable.valueFrom?.fieldRef?.fieldPath;
  if (path === undefined) return variable.value ?? '';
  return fieldValue(pod, path) ?? '';
}

/** The fields of a pod that a variable can be made of. */
export function fieldValue(pod: Pod, path: string): string | undefined {
  const values: Record<string, string> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace ?? '',
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName,
  };
  return values[path];
}

function mountsOf(container: Container, volumes: Placement['volumes']): Mount[] {
  return (container.volumeMounts ?? []).flatMap(mount => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) return [];
    const hostPath = mount.subPath === undefined ? volume.path : join(volume.path, mount.subPath);
    return [{ hostPath, mountPath: mount.mountPath, readOnly: volume.readOnly || mount.readOnly === true }];
  });
}

const units: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function bytes(quantity: string | number | undefined): number | undefined {
  if (quantity === undefined) return undefined;
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity));
  const unit = match === null ? undefined : units[match[2] ?? ''];
  return unit === undefined ? undefined : Math.round(Number(match?.[1]) * unit);
}
