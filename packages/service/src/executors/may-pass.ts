// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '@cinc-scan/core';

/** What may be over when the scan is tried again. A finding, or a mistake of whoever asked, is not among them. */
const passing: readonly ErrorCode[] = [
  'CLUSTER_UNREACHABLE',
  'CIRCUIT_OPEN',
  'TARGET_LOST',
  'TARGET_CHANGED',
  'ENGINE_CRASHED',
  'GRANT_FAILED',
  'SCRATCH_UNUSABLE',
  'JOB_LOST',
];

export const mayPass = (code: string): boolean => passing.some(each => each === code);
