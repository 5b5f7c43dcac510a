// SPDX-License-Identifier: Apache-2.0
// What `cinc-scan sidecar inject` writes into a pod, and the sidecar lens finds there.

/** Of the injected container. */
export const sidecarName = 'cinc-scan-sidecar';

export { sidecarAnnotation } from '../plan/index.ts';

/** In every other container of the pod: its own name, for a scanner that cannot ask the API. */
export const targetMarker = 'CINC_SCAN_TARGET';
