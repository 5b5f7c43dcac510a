// SPDX-License-Identifier: Apache-2.0

import type { Verdict } from '../gate/index.ts';
import type { GrantObject } from '../grant/index.ts';
import type { Outcome } from '../outcome/index.ts';
import type { Plan, Target } from '../plan/index.ts';
import type { WrittenReport } from '../report/index.ts';

export type Stage = 'prepare' | 'plan' | 'grant' | 'audit' | 'revoke' | 'report';

/** What happens in a run, as it happens: for progress and for the audit trail. Text from containers in it is hostile. */
export type ScanEvent =
  | { kind: 'stage'; stage: Stage }
  | { kind: 'notice'; text: string }
  | { kind: 'planned'; plan: Plan }
  /** Told before an object is made, so that whoever keeps notes can clean up after a killed run. */
  | { kind: 'intent'; object: GrantObject }
  | { kind: 'object'; verb: 'create' | 'delete'; object: GrantObject }
  | { kind: 'session'; target: Target; lens: string }
  | { kind: 'control'; target: Target; id: string; status: string; done: number; total: number }
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'engine-output'; text: string }
  /** The last one. */
  | { kind: 'verdict'; verdict: Verdict; reports: WrittenReport[] };
