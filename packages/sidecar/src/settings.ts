// SPDX-License-Identifier: Apache-2.0
import {
  guardedSecurity,
  injectedCommands,
  ownMarker,
  restrictedSecurity,
  ScanError,
  sidecarName,
  usualSecurity,
} from '@cinc-scan/core';
import type { Json } from './operation.ts';

/** How the injected container is to be. */
export interface SidecarSettings {
  /** Undefined: as it is, in a manifest that has one already. */
  image: string | undefined;
  /** Nothing is written, so that no image is needed. */
  checkOnly: boolean;
  /** As the Pod Security level `restricted` asks for: the targets' own user and group, and no capabilities. */
  restricted: { uid: number; gid: number } | undefined;
  /** With a capability that keeps root containers of the pod from it; Pod Security level `baseline` refuses that. */
  guarded: boolean;
  /** Seconds after which a container that only waits to be used ends by itself; for Jobs before Kubernetes 1.29. */
  idleSeconds: number | undefined;
  /** The container scans by itself. */
  inPod: InPodSettings | undefined;
}

export interface InPodSettings {
  /** Volume of the pod that holds the profile, or the folder where the image has it. */
  profile: { kind: 'volume'; name: string } | { kind: 'path'; path: string };
  /** Further arguments for `cinc-scan sidecar run`. */
  arguments: string[];
}

export const resultsVolume = 'cinc-scan-results';
export const resultsFolder = '/cinc-scan/results';
const profileFolder = '/cinc-scan/profile';

/** The fields of the container that are ours; others, such as resources, are the user's. */
export function toContainer(
  settings: SidecarSettings,
  pod: { workload: string; targets: string[] },
): { [key: string]: Json } {
  const { image, inPod } = settings;
  return {
    name: sidecarName,
    ...(image !== undefined && { image }),
    command: inPod === undefined ? idleCommand(settings) : runCommand(inPod, pod),
    securityContext: parseSecurity(settings),
  };
}

function parseSecurity({ restricted, guarded, inPod }: SidecarSettings): Json {
  const asRoot = guarded ? guardedSecurity : usualSecurity;
  const { capabilities, ...rest } = restricted === undefined ? asRoot : restrictedSecurity(restricted);
  // A scanner writes its results and the files of its engine.
  return { ...rest, readOnlyRootFilesystem: inPod === undefined, capabilities: { ...capabilities } };
}

function idleCommand({ idleSeconds }: SidecarSettings): string[] {
  const end = idleSeconds === undefined ? [] : ['--deadline-seconds', String(idleSeconds)];
  return [...injectedCommands.idle, '--ignore-stdin', ...end];
}

function runCommand(
  { profile, arguments: more }: InPodSettings,
  { workload, targets }: { workload: string; targets: string[] },
): string[] {
  const folder = profile.kind === 'volume' ? profileFolder : profile.path;
  return [
    ...injectedCommands.scan,
    ...targets.flatMap(name => ['--container', name]),
    '--workload',
    workload,
    '--profile',
    folder,
    '--output-dir',
    resultsFolder,
    '--stay',
    ...more,
  ];
}

/** Variables of the container, each by its name. */
export function toEnvironment({ inPod }: SidecarSettings): { [key: string]: Json }[] {
  const own = { name: ownMarker, value: sidecarName };
  if (inPod === undefined) return [own];
  const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    own,
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('POD_UID', 'metadata.uid'),
    field('NODE_NAME', 'spec.nodeName'),
  ];
}

/** What is mounted into the container, each by its path. */
export function toMounts({ inPod }: SidecarSettings): { [key: string]: Json }[] {
  if (inPod === undefined) return [];
  const results = { name: resultsVolume, mountPath: resultsFolder };
  if (inPod.profile.kind === 'path') return [results];
  return [results, { name: inPod.profile.name, mountPath: profileFolder, readOnly: true }];
}

/** Refuses a profile volume that the pod has not: the API server would, and only much later. */
export function requireVolume({ inPod }: SidecarSettings, volumes: unknown[], what: string): void {
  if (inPod?.profile.kind !== 'volume') return;
  const { name } = inPod.profile;
  const isThere = volumes.some(
    each => typeof each === 'object' && each !== null && 'name' in each && each.name === name,
  );
  if (!isThere) throw new ScanError('INPUT_INVALID', `${what} has no volume "${name}" for the profile`);
}
