// SPDX-License-Identifier: Apache-2.0
// What `cinc-scan sidecar inject` writes into a pod, and how a plan and the sidecar lens know it again.

/** On a pod that was injected: the name of the scanner container, which is not a target. */
export const sidecarAnnotation = 'cinc-scan.dev/sidecar';

/** Of the injected container. */
export const sidecarName = 'cinc-scan-sidecar';

/** In every other container of the pod: its own name, for a scanner that cannot ask the API. */
export const targetMarker = 'CINC_SCAN_TARGET';

/** Where the image of the tools has them. */
export const toolPaths = { helper: '/cinc-scan/helper', shell: '/bin/busybox' } as const;

/** How the command of the injected container begins. */
export const injectedCommands = {
  idle: [toolPaths.helper, 'idle'],
  scan: ['cinc-scan', 'sidecar', 'run'],
} as const;

interface NamedContainer {
  name: string;
  command?: string[] | null | undefined;
}

/** As much of a pod as tells. */
export interface MaybeInjected {
  metadata: { annotations?: Record<string, string> | null | undefined };
  spec: { containers: NamedContainer[]; initContainers?: NamedContainer[] | null | undefined };
}

/**
 * The name of the scanner container that was injected. The annotation alone does not make one: whoever may annotate
 * pods could hide a container by it, or have it speak for the others. Name and command cannot be changed on a pod.
 */
export function injectedContainer({ metadata, spec }: MaybeInjected): string | undefined {
  if (metadata.annotations?.[sidecarAnnotation] !== sidecarName) return undefined;
  const found = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === sidecarName);
  const command = found?.command ?? [];
  const isOurs = Object.values(injectedCommands).some(words => words.every((word, at) => command[at] === word));
  return isOurs ? sidecarName : undefined;
}
