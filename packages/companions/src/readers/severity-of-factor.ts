// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity } from '@cinc-scan/core';

/** Kubescape's own thresholds: https://github.com/kubescape/opa-utils/blob/main/reporthandling/apis/severity.go */
export function severityOfFactor(factor: number): FindingSeverity {
  if (factor >= 9) return 'critical';
  if (factor >= 7) return 'high';
  if (factor >= 4) return 'medium';
  return factor >= 1 ? 'low' : 'unknown';
}
