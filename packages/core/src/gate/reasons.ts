// SPDX-License-Identifier: Apache-2.0

/** Why a gate answered as it did, with the exit code it stands for. Closed. */
export const reasons = {
  pass: 0,
  'below-threshold': 3,
  regression: 3,
  'errors-unbounded': 3,
  'skips-unbounded': 3,
  'spec-missing': 2,
  'spec-unreadable': 2,
  'spec-syntax': 2,
  'spec-not-mapping': 2,
  'spec-unknown-key': 2,
  'spec-value': 2,
  'spec-conflict': 2,
  'spec-empty': 2,
  'hdf-unreadable': 2,
  'hdf-invalid': 2,
  'hdf-unlisted': 2,
  'hdf-ambiguous': 2,
  'nothing-checked': 2,
  'profile-not-loaded': 2,
  'baseline-unreadable': 2,
  'baseline-invalid': 2,
  'baseline-mismatch': 2,
  'attestation-invalid': 2,
} as const satisfies Record<string, 0 | 2 | 3>;

export type Reason = keyof typeof reasons;

export const warningCodes = [
  'rounding-decided',
  'compliance-undefined',
  'key-not-enforced',
  'ungated-profiles',
  'ungated-controls',
  'linked-by-id',
  'profile-not-loaded',
  'severity-case',
  'severity-type',
  'unbucketed',
  'waiver-flag-type',
  'waiver-expired',
  'nothing-but-waived',
  'transport-exception',
  'errors-unbounded',
  'skips-unbounded',
  'baseline-profile-changed',
  'waived-since-baseline',
] as const;

type WarningCode = (typeof warningCodes)[number];

/** Something the reader should know; never changes the exit code. */
export interface Warning {
  code: WarningCode;
  message: string;
  controls: string[];
}
