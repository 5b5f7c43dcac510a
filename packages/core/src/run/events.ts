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

/** The same as texts and numbers alone: what logs tell, and what a scan service hands on. */
export type EventRecord =
  | { event: 'stage'; stage: Stage }
  | { event: 'notice'; text: string }
  | { event: 'planned'; targets: string[]; missing: string[] }
  | ({ event: 'intent' } & ToldObject)
  | { event: 'object'; verb: 'create' | 'delete'; object: ToldObject }
  | { event: 'session'; target: string; lens: string }
  | { event: 'control'; target: string; control: string; status: string; done: number; total: number }
  | { event: 'outcome'; target: string; outcome: 'audited'; seconds: number; commands: number }
  | { event: 'outcome'; target: string; outcome: 'unreached'; code: string; message: string }
  | { event: 'engine-output'; lines: string[] }
  | ({ event: 'verdict'; text: string; reports: Pick<WrittenReport, 'format' | 'path'>[] } & Pick<
      Verdict,
      'verdict' | 'reason' | 'exit' | 'exitCode'
    >);

interface ToldObject {
  kind: string;
  namespace: string;
  name: string;
}
