// SPDX-License-Identifier: Apache-2.0
// Which pod shows which control clean and which shows it failing, by each lens.

export const lenses = ['exec', 'debug', 'sidecar'] as const;
export type Lens = (typeof lenses)[number];
type Kind = 'clean' | 'defective';

export interface Cell {
  control: string;
  kind: Kind;
  lens: Lens;
  /** Where it is looked at. */
  pod: string | undefined;
  /** Why there is no such pod. */
  impossible?: string;
}

/** What only a privileged container has; all other defects are in one that was made without care. */
const ofPrivileged = new Set([
  'identity-known-account',
  'capability-none-over-the-node',
  'kernel-own-processes-only',
  'kernel-paths-masked',
  'kernel-settings-read-only',
  'kernel-control-groups-read-only',
  'kernel-no-node-devices',
]);

const impossible: Partial<Record<string, string>> = {
  'program-no-shell clean exec': 'exec needs the shell of the container, which is what this control finds',
  'kernel-own-processes-only defective sidecar':
    'Kubernetes refuses a pod that shares the processes of its node and those of its containers at once',
};

export function cells(controls: string[]): Cell[] {
  return controls.flatMap(control =>
    (['clean', 'defective'] as const).flatMap(kind => lenses.map(lens => toCell({ control, kind, lens }))),
  );
}

function toCell(cell: Pick<Cell, 'control' | 'kind' | 'lens'>): Cell {
  const reason = impossible[`${cell.control} ${cell.kind} ${cell.lens}`];
  if (reason !== undefined) return { ...cell, pod: undefined, impossible: reason };
  const pod = cell.kind === 'clean' ? cleanPod(cell) : defectivePod(cell);
  return { ...cell, pod: cell.lens === 'sidecar' ? `${pod}-sidecar` : pod };
}

function cleanPod({ lens }: Pick<Cell, 'lens'>): string {
  return lens === 'exec' ? 'clean-shell' : 'clean';
}

function defectivePod({ control }: Pick<Cell, 'control'>): string {
  return ofPrivileged.has(control) ? 'privileged' : 'careless';
}
