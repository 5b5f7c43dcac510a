// SPDX-License-Identifier: Apache-2.0
// What scans as a pod of the cluster have in common: its image, its account, and no rights beside that.
import { type AdapterInput, adapterInputs, outputFolder } from '../ci/adapter-inputs.ts';

export const image = 'registry.example.org/cinc-scan@sha256:…';
const ofInstall = new Set(['version', 'package', 'integrity']);

/** The image holds the command: nothing is installed. */
export const podInputs = (reports: string): AdapterInput[] =>
  adapterInputs({ reports, 'findings-reports': 'html,markdown,junit', 'output-dir': outputFolder }).filter(
    ({ name }) => !ofInstall.has(name),
  );

/** A pod's uid names its run: no other run has it, and it is known before the scan. */
export const runId = { name: 'CINC_SCAN_RUN_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } };

export const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 10_001,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The only folders that a scan writes to. */
export const scratch = {
  mounts: [
    { name: 'work', mountPath: '/work' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
  volumes: [
    { name: 'work', emptyDir: {} },
    { name: 'tmp', emptyDir: {} },
  ],
};

export const account = 'cinc-scan-operator';
