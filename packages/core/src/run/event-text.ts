// SPDX-License-Identifier: Apache-2.0
// What happens in a run, in the words that every log uses.

import type { Outcome } from '../outcome/index.ts';
import { targetName } from '../plan/index.ts';
import { safeLogLines, verdictSentence } from '../report/index.ts';
import type { EventRecord, ScanEvent, Stage } from './events.ts';

export const stageTitles: Record<Stage, string> = {
  prepare: 'Reading the profile and starting the engine',
  plan: 'Looking for the targets',
  grant: 'Making a temporary identity',
  audit: 'Auditing',
  revoke: 'Revoking the identity',
  report: 'Writing reports',
};

/** The event as one record, for logs and for whoever waits elsewhere. */
export function toEventRecord(event: ScanEvent): EventRecord {
  const { kind } = event;
  switch (kind) {
    case 'stage':
      return { event: kind, stage: event.stage };
    case 'notice':
      return { event: kind, text: event.text };
    case 'planned':
      return {
        event: kind,
        targets: event.plan.targets.map(targetName),
        missing: event.plan.unplanned.map(each => targetName(each.target)),
      };
    case 'intent':
      return { event: kind, ...event.object };
    case 'object':
      return { event: kind, verb: event.verb, object: event.object };
    case 'session':
      return { event: kind, target: targetName(event.target), lens: event.lens };
    case 'outcome':
      return { event: kind, ...toOutcomeRecord(event.outcome) };
    case 'control':
      return { event: kind, ...toControlRecord(event) };
    case 'engine-output':
      return { event: kind, lines: safeLogLines(event.text) };
    case 'verdict':
      return { event: kind, ...toVerdictRecord(event) };
  }
}

const toControlRecord = ({ target, id, status, done, total }: ScanEvent & { kind: 'control' }) => ({
  target: targetName(target),
  control: id,
  status,
  done,
  total,
});

function toVerdictRecord({ verdict: given, reports }: ScanEvent & { kind: 'verdict' }) {
  const { verdict, reason, exit, exitCode } = given;
  const files = reports.map(({ format, path }) => ({ format, path }));
  return { verdict, reason, exit, exitCode, text: verdictSentence(given), reports: files };
}

function toOutcomeRecord(outcome: Outcome) {
  const target = targetName(outcome.target);
  if (outcome.kind === 'unreached') {
    const { code, message } = outcome.error;
    return { target, outcome: outcome.kind, code, message };
  }
  const { seconds, commands } = outcome.observation;
  return { target, outcome: outcome.kind, seconds, commands };
}
