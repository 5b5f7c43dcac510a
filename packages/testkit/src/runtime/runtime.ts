// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream';

/** What a pod's containers share: the network namespace, the host name and, when asked for, the PID namespace. */
export interface SandboxSpec {
  podUid: string;
  hostname: string;
  shareProcessNamespace: boolean;
  hostPid: boolean;
}

/** Security settings after pod and container level were merged; numbers are Linux ids. */
export interface ContainerSecurity {
  uid: number | undefined;
  gid: number | undefined;
  supplementalGroups: number[];
  addCapabilities: string[];
  dropCapabilities: string[];
  privileged: boolean;
  allowPrivilegeEscalation: boolean;
  readOnlyRootFilesystem: boolean;
  /** As in `seccompProfile.type`; without it a container is unconfined, as under Kubernetes' own default. */
  seccomp?: 'RuntimeDefault' | 'Unconfined';
}

export interface ContainerSpec {
  /** 64 hex digits, as in `status.containerStatuses[].containerID` without its scheme. */
  id: string;
  podUid: string;
  name: string;
  image: string;
  /** Empty: the image's own command. */
  command: string[];
  args: string[];
  env: Record<string, string>;
  workingDir: string | undefined;
  security: ContainerSecurity;
  memoryLimitBytes: number | undefined;
  /** The container whose PID namespace this one joins (targetContainerName). */
  joinPidOf: string | undefined;
  mounts: Mount[];
  /** Keep standard input open and empty (`stdin: true` of a pod without anyone attached); else it is at its end. */
  stdin?: boolean;
}

export interface Mount {
  hostPath: string;
  mountPath: string;
  readOnly: boolean;
}

export interface Ended {
  exitCode: number;
  signal: number | undefined;
  oomKilled: boolean;
}

export interface RunningContainer {
  id: string;
  pid: number;
  ended: Promise<Ended>;
  /** SIGTERM, then SIGKILL after the grace period; resolves when every process of it is gone. */
  stop(graceSeconds: number): Promise<void>;
}

export interface ExecProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  ended: Promise<Ended>;
  kill(): void;
}

/** Thrown by `exec` and `start` when the executable cannot be run; the message is the runtime's own words. */
export class CannotStart extends Error {
  override name = 'CannotStart';
}

/** Thrown by `start` for an image that the runtime does not have. */
export class ImageMissing extends Error {
  override name = 'ImageMissing';
}

/** Real OCI containers. One implementation: runc. */
export interface Runtime extends AsyncDisposable {
  /** `uid` and `gid` an image declares for itself, and its default command. */
  imageConfig(image: string): { uid: number; gid: number; command: string[]; digest: string } | undefined;
  startSandbox(spec: SandboxSpec): Promise<void>;
  start(spec: ContainerSpec): Promise<RunningContainer>;
  exec(containerId: string, command: string[], options: { stdin: boolean }): Promise<ExecProcess>;
  stopSandbox(podUid: string): Promise<void>;
}
