// SPDX-License-Identifier: Apache-2.0

import { info } from '@actions/core';
import {
  oneLine,
  type ScanEvent,
  safeJsonText,
  safeLogLines,
  stageTitles,
  targetName,
  toEventRecord,
  type Values,
} from '@cinc-scan/core';
import { openGroup } from './group.ts';

export type Listener = (event: ScanEvent) => void;

/** Text from wherever, on one line that the runner takes for no command. */
export const safeText = (text: string): string => oneLine(text);

/** The log of the step: a group for each stage, or JSON lines. */
export function makeLog(values: Values): Listener {
  if (values['log-level'] === 'quiet') return () => undefined;
  return values['log-format'] === 'json' ? toJsonLines(values) : toGroups(values);
}

function toGroups(values: Values): Listener {
  const level = values['log-level'];
  const isVerbose = level === 'verbose' || level === 'debug';
  return event => {
    if (event.kind === 'stage') {
      openGroup(stageTitles[event.stage]);
    } else if (event.kind === 'engine-output') {
      if (level === 'debug') safeLogLines(event.text).forEach(line => info(line));
    } else for (const line of linesOf(event, isVerbose)) info(safeText(line));
  };
}

type Told = Exclude<ScanEvent, { kind: 'stage' | 'engine-output' }>;

function linesOf(event: Told, isVerbose: boolean): string[] {
  switch (event.kind) {
    case 'notice':
      return [event.text];
    case 'planned':
      return [
        ...event.plan.targets.map(target => `to audit: ${targetName(target)}`),
        ...event.plan.unplanned.map(({ target, error }) => `out of reach: ${targetName(target)} (${error.code})`),
      ];
    case 'outcome':
      return [outcomeText(event.outcome)];
    case 'object':
      return [`${event.verb} ${event.object.kind} ${event.object.namespace}/${event.object.name}`];
    case 'session':
      return isVerbose ? [`session into ${targetName(event.target)} (${event.lens})`] : [];
    case 'control':
      return isVerbose ? [`${event.status}: ${event.id} in ${targetName(event.target)}`] : [];
    case 'intent':
    case 'verdict':
      return []; // told by an annotation and the summary
  }
}

function outcomeText(outcome: (Told & { kind: 'outcome' })['outcome']): string {
  const target = targetName(outcome.target);
  if (outcome.kind === 'unreached') return `not audited: ${target}: ${outcome.error.code}: ${outcome.error.message}`;
  const { seconds, commands } = outcome.observation;
  return `audited: ${target} in ${seconds.toFixed(1)} s (${commands} commands)`;
}

function toJsonLines(values: Values): Listener {
  const isDebug = values['log-level'] === 'debug';
  return event => {
    if (event.kind === 'intent') return;
    if (!isDebug && event.kind === 'engine-output') return;
    const record = {
      time: new Date().toISOString(),
      tool: 'cinc-scan',
      run: values['run-id'],
      ...toEventRecord(event),
    };
    info(safeJsonText(JSON.stringify(record)));
  };
}
