// SPDX-License-Identifier: Apache-2.0

import {
  controlSeverity,
  type GatedControl,
  type Hdf,
  isEvaluated,
  isExpired,
  isTransportFailure,
  type Selected,
} from '../outcome/index.ts';
import { bucketSeverities } from '../request/index.ts';
import type { Bounded } from './check.ts';
import type { Counted } from './count.ts';
import type { GateOptions } from './judgement.ts';
import type { Warning } from './reasons.ts';
import { isNotLoaded } from './select.ts';
import type { Threshold } from './spec.ts';
import { type Unbounded, unboundedWarnings } from './unbounded.ts';

interface Seen {
  hdf: Hdf;
  threshold: Threshold;
  options: GateOptions;
  selection: Selected;
  controls: Counted[];
  bounded: Bounded[];
  unbounded: Unbounded[];
}

/** Everything a reader of the verdict should know, one warning a code, by code. */
export function findWarnings(seen: Seen): Warning[] {
  const gated = seen.selection.sets.flatMap(set => set.controls);
  return [
    ...thresholdWarnings(seen),
    ...selectionWarnings(seen),
    ...severityWarnings(gated, seen.options),
    ...unbucketed(seen),
    ...unboundedWarnings(seen.unbounded, seen.options),
    ...waiverWarnings(gated, seen.options.now),
    ...over(gated.filter(isLost), 'transport-exception', 'the connection broke, not the control'),
  ].toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

const warn = (code: Warning['code'], message: string, controls: string[] = []): Warning => ({
  code,
  message,
  controls,
});

/** A warning over controls, if there are any. */
function over(controls: GatedControl[], code: Warning['code'], message: string): Warning[] {
  return controls.length === 0
    ? []
    : [
        warn(
          code,
          message,
          controls.map(({ listed }) => listed.id),
        ),
      ];
}

function thresholdWarnings({ threshold, bounded }: Seen): Warning[] {
  const found: Warning[] = [];
  const rounded = [...new Set(bounded.flatMap(set => set.roundingDecided))].join(', ');
  if (rounded !== '') found.push(warn('rounding-decided', `${rounded} holds only after rounding to a whole percent`));
  const boundsCompliance = [...threshold.bounds.keys()].some(key => key.startsWith('compliance.'));
  if (boundsCompliance && bounded.some(set => set.compliance.total === 0))
    found.push(warn('compliance-undefined', 'compliance is bounded, and no control counts towards it'));
  if (threshold.notEnforced.length > 0)
    found.push(warn('key-not-enforced', `SAF writes but never reads: ${threshold.notEnforced.join(', ')}`));
  return found;
}

function selectionWarnings({ hdf, selection: { linkedById, ungated } }: Seen): Warning[] {
  const found: Warning[] = [];
  if (linkedById.length > 0)
    found.push(
      warn('linked-by-id', 'controls took their results from a profile that depends names, by equal id', linkedById),
    );
  const broken = hdf.profiles.filter(isNotLoaded).map(profile => profile.name);
  if (broken.length > 0) found.push(warn('profile-not-loaded', `not evaluated: ${broken.join(', ')}`));
  const [independent, included] = [ungated.independent.map(({ id }) => id), ungated.included.map(({ id }) => id)];
  if (independent.length > 0)
    found.push(warn('ungated-profiles', 'only the first profile was judged; others have controls', independent));
  if (included.length > 0)
    found.push(warn('ungated-controls', 'an included profile has controls that were not judged', included));
  return found;
}

function severityWarnings(gated: GatedControl[], options: GateOptions): Warning[] {
  const miscased = gated.filter(({ base }) => {
    const { value } = controlSeverity(base, { ...options, strict: false });
    return value !== value.toLowerCase();
  });
  const typed = gated.filter(({ base: { tags } }) =>
    [tags['severityoverride'], tags['severity']].some(tag => (tag ?? '') !== '' && typeof tag !== 'string'),
  );
  return [
    ...over(miscased, 'severity-case', 'a severity tag is not in lower case'),
    ...over(typed, 'severity-type', 'a severity tag is not a text and was passed over'),
  ];
}

/** Failed or errored controls that no bound by severity can see. */
function unbucketed({ controls, threshold }: Seen): Warning[] {
  const isBounded = (status: string, bucket: string) =>
    ['min', 'max', 'controls'].some(end => threshold.bounds.has(`${status}.${bucket}.${end}`));
  const watched = ['failed', 'error'].filter(status => bucketSeverities.some(bucket => isBounded(status, bucket)));
  const escaped = controls.filter(
    ({ status, severity }) =>
      watched.includes(status) && !bucketSeverities.some(known => known === severity) && !isBounded(status, severity),
  );
  const message = 'failed, but of a severity that no bound by severity covers';
  return escaped.length === 0
    ? []
    : [
        warn(
          'unbucketed',
          message,
          escaped.map(({ id }) => id),
        ),
      ];
}

function waiverWarnings(gated: GatedControl[], now: Date): Warning[] {
  const waived = gated.filter(({ base }) => Boolean(base.waiver_data?.skipped_due_to_waiver));
  const texts = waived.filter(({ base }) => typeof base.waiver_data?.skipped_due_to_waiver === 'string');
  const expired = waived.filter(({ base }) => isExpired(base.waiver_data?.expiration_date, now));
  const whole = gated.length > 0 && waived.length === gated.length && !gated.some(({ base }) => isEvaluated(base));
  return [
    ...over(whole ? waived : [], 'nothing-but-waived', 'no control was evaluated: all are waived'),
    ...over(texts, 'waiver-flag-type', 'skipped_due_to_waiver is a text, which SAF takes for yes'),
    ...over(expired, 'waiver-expired', 'waived, and the waiver has expired'),
  ];
}

const isLost = ({ base }: GatedControl) => base.results.some(isTransportFailure);
