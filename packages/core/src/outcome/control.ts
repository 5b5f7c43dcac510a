// SPDX-License-Identifier: Apache-2.0
import { bucketSeverities } from '../request/index.ts';
import type { HdfControl, HdfResult, ResultStatus } from './hdf.ts';

export const statuses = ['passed', 'failed', 'skipped', 'no_impact', 'error'] as const;
export type ControlStatus = (typeof statuses)[number];

export const severities = [...bucketSeverities, 'none'] as const;
export type Severity = (typeof severities)[number];

/** A value together with the rule that gave it, for people who ask why. */
export interface Reasoned<T> {
  value: T;
  because: string;
}

/** How far a reader departs from MITRE's SAF to count more truthfully. */
export interface Reading {
  strict: boolean;
  now: Date;
}

export function resultStatus(result: HdfResult): ResultStatus | undefined {
  return Array.isArray(result.backtrace) ? 'error' : (result.status ?? undefined);
}

/** An error class of the transport layer: the connection broke, not the control. */
export function isTransportFailure(result: HdfResult): boolean {
  return result.exception?.startsWith('Train::') === true;
}

export function isExpired(expiration: string | null | undefined, now: Date): boolean {
  if (expiration === undefined || expiration === null || expiration === '') return false;
  const time = Date.parse(expiration);
  return Number.isNaN(time) || time <= now.getTime();
}

/** Whether something was seen of it: a check passed or failed. One that broke, or was skipped, saw nothing. */
export function isEvaluated({ results }: HdfControl): boolean {
  return results.some(result => {
    const status = resultStatus(result);
    return (status === 'passed' || status === 'failed') && !isTransportFailure(result);
  });
}

export function isWaived(control: HdfControl, reading: Reading): boolean {
  const flag = control.waiver_data?.skipped_due_to_waiver;
  if (!reading.strict) return Boolean(flag);
  return flag === true && !isExpired(control.waiver_data?.expiration_date, reading.now);
}

/** First rule that matches, as SAF decides; the control-level `status` of newer auditors is never read. */
export function controlStatus(control: HdfControl, reading: Reading): Reasoned<ControlStatus> {
  const found = new Set(control.results.map(result => resultStatus(result)));
  if (found.has('error')) return { value: 'error', because: 'a result is an error' };
  if (reading.strict && control.results.some(result => isTransportFailure(result)))
    return { value: 'error', because: 'a result was lost with the connection' };
  if (isWaived(control, reading)) return { value: 'no_impact', because: 'waived' };
  if (control.impact === 0) return { value: 'no_impact', because: 'impact is 0' };
  if (control.results.length === 0) return { value: 'error', because: 'no results' };
  if (found.has('failed')) return { value: 'failed', because: 'a result failed' };
  if (found.has('passed')) return { value: 'passed', because: 'a result passed and none failed' };
  if (found.has('skipped')) return { value: 'skipped', because: 'every result was skipped' };
  return { value: 'error', because: 'no result has a status' };
}

const words: ReadonlySet<string> = new Set(severities);

/** The severity as SAF counts it: the first tag that is a word, *as written* (`High` is in no bucket), else the impact's range. */
export function controlSeverity(control: HdfControl, reading: Reading): Reasoned<string> {
  for (const name of ['severityoverride', 'severity']) {
    const tag = control.tags[name];
    if (typeof tag === 'string' && words.has(tag.toLowerCase()))
      return { value: reading.strict ? tag.toLowerCase() : tag, because: `tag ${name}: ${tag}` };
  }
  return { value: impactSeverity(control.impact), because: `impact ${control.impact}` };
}

function impactSeverity(impact: number): Severity {
  if (impact < 0.1) return 'none';
  if (impact < 0.4) return 'low';
  if (impact < 0.7) return 'medium';
  return impact < 0.9 ? 'high' : 'critical';
}

/** For display: a mis-cased tag is shown in lower case. */
export function shownSeverity(control: HdfControl): Severity {
  const { value } = controlSeverity(control, { strict: true, now: new Date(0) });
  return severities.find(severity => severity === value) ?? impactSeverity(control.impact);
}
