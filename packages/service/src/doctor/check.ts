// SPDX-License-Identifier: Apache-2.0
import type { ScanError } from '@cinc-scan/core';
import type { Kysely } from 'kysely';
import type { CheckFinding } from '../domain/question.ts';
import type { ClusterToCheck } from '../store/cluster-checks.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';

/** unchecked: something kept us from looking, which says nothing of what is there. */
export type Examined =
  | { kind: 'fine'; said: string }
  | { kind: 'noticed'; said: string; remedy: string }
  | { kind: 'broken'; said: string; remedy: string }
  | { kind: 'unchecked'; error: ScanError };

export interface DoctorPlace {
  store: Store;
  kysely: Kysely<Tables>;
  /** Last entry of the audit log at an earlier time, `N:HASH`. */
  anchor: string | undefined;
  askCluster: AskCluster;
}

/** What the credential of a cluster is good for. Throws what kept it from being tried. */
export type AskCluster = (cluster: ClusterToCheck) => Promise<CheckFinding[]>;

export interface Check {
  name: string;
  /** What it finds of each thing that it looks at. What it throws is what kept it from looking. */
  examine(place: DoctorPlace): Promise<Examined[]>;
}
