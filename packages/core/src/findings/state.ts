// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.ts';
import type { Coverage } from './look.ts';
import type { AlertState, RunPoint } from './schema.ts';

/** What is known of one finding. */
export interface StateEntry {
  /** As it was last seen. */
  finding: Finding;
  status: 'open' | 'unsure' | 'fixed';
  firstSeen: string;
  lastSeen: string;
  /** The sources that reported it when they last looked, and how they looked. */
  seenBy: Record<string, Coverage>;
}

/** What is known of all findings of a scope; JSON. */
export interface FindingState {
  version: 1;
  scope: string;
  /** The run that wrote it; empty before the first. */
  at: string;
  /** The last complete look of each source. */
  looks: Record<string, Coverage>;
  /** By fingerprint. */
  entries: Record<string, StateEntry>;
  /** The last runs in numbers, oldest first. */
  runs: RunPoint[];
  /** Absent where nobody has been told anything. */
  alerts?: AlertState | undefined;
}

export const isLaterThan = (one: string, other: string): boolean => Date.parse(one) > Date.parse(other);

/** What is known of a scope before its first run: everything found is new. */
export const emptyState = (scope: string): FindingState => ({
  version: 1,
  scope,
  at: '',
  looks: {},
  entries: {},
  runs: [],
});
