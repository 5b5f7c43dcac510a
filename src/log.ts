// SPDX-License-Identifier: Apache-2.0

import { info } from '@actions/core';
import { type EventRecord, oneLine, safeJsonText, stageTitles, type Values } from '@cinc-scan/core';
import { openGroup } from './group.ts';

export type Teller = (record: EventRecord) => void;

/** Text from wherever, on one line that the runner takes for no command. */
export const safeText = (text: string): string => oneLine(text);

/** The log of the step: a group for each stage, or JSON lines. */
export function makeLog(values: Values): Teller {
  if (values['log-level'] === 'quiet') return () => undefined;
  return values['log-format'] === 'json' ? toJsonLines(values) : toGroups(values);
}

function toGroups(values: Values): Teller {
  const level = values['log-level'];
  const isVerbose = level === 'verbose' || level === 'debug';
  return record => {
    if (record.event === 'stage') {
      openGroup(stageTitles[record.stage]);
    } else if (record.event === 'engine-output') {
      if (level === 'debug') record.lines.forEach(line => info(line));
    } else for (const line of linesOf(record, isVerbose)) info(safeText(line));
  };
}

type Told = Exclude<EventRecord, { event: 'stage' | 'engine-output' }>;

function linesOf(record: Told, isVerbose: boolean): string[] {
  switch (record.event) {
    case 'notice':
      return [record.text];
    case 'planned':
      return [
        ...record.targets.map(target => `to audit: ${target}`),
        ...record.missing.map(target => `out of reach: ${target}`),
      ];
    case 'outcome':
      return [outcomeText(record)];
    case 'object':
      return [`${record.verb} ${record.object.kind} ${record.object.namespace}/${record.object.name}`];
    case 'session':
      return isVerbose ? [`session into ${record.target} (${record.lens})`] : [];
    case 'control':
      return isVerbose ? [`${record.status}: ${record.control} in ${record.target}`] : [];
    case 'intent':
    case 'verdict':
      return []; // told by an annotation and the summary
  }
}

function outcomeText(record: Told & { event: 'outcome' }): string {
  const { target } = record;
  if (record.outcome === 'unreached') return `not audited: ${target}: ${record.code}: ${record.message}`;
  return `audited: ${target} in ${record.seconds.toFixed(1)} s (${record.commands} commands)`;
}

function toJsonLines(values: Values): Teller {
  const isDebug = values['log-level'] === 'debug';
  return record => {
    if (record.event === 'intent') return;
    if (!isDebug && record.event === 'engine-output') return;
    const told = { time: new Date().toISOString(), tool: 'cinc-scan', run: values['run-id'], ...record };
    info(safeJsonText(JSON.stringify(told)));
  };
}
