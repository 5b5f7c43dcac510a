// SPDX-License-Identifier: Apache-2.0
import { isExpired, isTransportFailure, severities } from '../outcome/control.ts';
import { type GatedControl, type GatedSet, isDependency, unreached } from '../outcome/gated.ts';
import type { Hdf, HdfControl } from '../outcome/hdf.ts';
import type { Bounded } from './check.ts';
import { countSet } from './count.ts';
import { type GateOptions, notLoaded } from './evaluate.ts';
import type { Warning } from './reasons.ts';
import { bucketSeverities, type Threshold } from './threshold.ts';

interface Seen {
  hdf: Hdf;
  threshold: Threshold;
  options: GateOptions;
  sets: GatedSet[];
  linkedById: string[];
  bounded: Bounded[];
}

/** Everything a reader of the verdict should know, one warning a code, by code. */
export function findWarnings(seen: Seen): Warning[] {
  const gated = seen.sets.flatMap(set => set.controls);
  return [
    ...thresholdWarnings(seen),
    ...selectionWarnings(seen),
    ...severityWarnings(gated),
    ...unbucketed(seen),
    ...waiverWarnings(gated, seen.options.now),
    ...resultWarnings(gated),
  ].toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

const warn = (code: Warning['code'], message: string, controls: string[] = []): Warning => ({
  code,
  message,
  controls,
});

function thresholdWarnings({ threshold, bounded }: Seen): Warning[] {
  const found: Warning[] = [];
  const rounded = bounded.flatMap(set => set.roundingDecided);
  if (rounded.length > 0)
    found.push(
      warn('rounding-decided', `${[...new Set(rounded)].join(', ')} holds only after rounding to a whole percent`),
    );
  const boundsCompliance = [...threshold.bounds.keys()].some(key => key.startsWith('compliance.'));
  if (boundsCompliance && bounded.some(set => set.compliance.total === 0))
    found.push(warn('compliance-undefined', 'compliance is bounded, and no control counts towards it'));
  if (threshold.notEnforced.length > 0)
    found.push(warn('key-not-enforced', `SAF writes but never reads: ${threshold.notEnforced.join(', ')}`));
  return found;
}

function selectionWarnings({ hdf, options, sets, linkedById }: Seen): Warning[] {
  const found: Warning[] = [];
  if (linkedById.length > 0)
    found.push(
      warn('linked-by-id', 'controls took their results from a profile that depends names, by equal id', linkedById),
    );
  const broken = hdf.profiles.filter(profile => notLoaded(profile.status)).map(profile => profile.name);
  if (broken.length > 0) found.push(warn('profile-not-loaded', `not evaluated: ${broken.join(', ')}`));
  if (options.profiles === 'all') return found;
  const left = unreached(hdf, sets);
  const independent = left.filter(({ profile }) => !isDependency(hdf, profile) && profile !== hdf.profiles[0]);
  const below = left.filter(({ profile }) => isDependency(hdf, profile));
  const idsOf = (rest: typeof left) => rest.map(({ control }) => control.id);
  if (independent.length > 0)
    found.push(warn('ungated-profiles', 'only the first profile was judged; others have controls', idsOf(independent)));
  if (below.length > 0)
    found.push(warn('ungated-controls', 'an included profile has controls that were not judged', idsOf(below)));
  return found;
}

const severityTags = (control: HdfControl) => [control.tags['severityoverride'], control.tags['severity']];

function severityWarnings(gated: GatedControl[]): Warning[] {
  const miscased = gated.filter(({ base }) => {
    const used = severityTags(base).find(tag => typeof tag === 'string' && tag !== '');
    return (
      typeof used === 'string' && used !== used.toLowerCase() && severities.some(known => known === used.toLowerCase())
    );
  });
  const typed = gated.filter(({ base }) =>
    severityTags(base).some(tag => tag !== undefined && tag !== null && typeof tag !== 'string'),
  );
  const found: Warning[] = [];
  if (miscased.length > 0) found.push(warn('severity-case', 'a severity tag is not in lower case', idsOf(miscased)));
  if (typed.length > 0)
    found.push(warn('severity-type', 'a severity tag is not a text and was passed over', idsOf(typed)));
  return found;
}

const idsOf = (controls: GatedControl[]) => controls.map(({ listed }) => listed.id);

/** Failed or errored controls that no bound by severity can see. */
function unbucketed({ sets, threshold, options }: Seen): Warning[] {
  const has = (...keys: string[]) => keys.some(key => threshold.bounds.has(key));
  const escaped = sets
    .flatMap(set => countSet(set, options))
    .filter(({ status, severity }) => {
      if (status !== 'failed' && status !== 'error') return false;
      if (bucketSeverities.some(known => known === severity)) return false;
      const ends = (bucket: string) => ['min', 'max', 'controls'].map(end => `${status}.${bucket}.${end}`);
      return !has(...ends(severity)) && has(...bucketSeverities.flatMap(ends));
    });
  if (escaped.length === 0) return [];
  return [
    warn(
      'unbucketed',
      'failed, but of a severity that no bound by severity covers',
      escaped.map(({ id }) => id),
    ),
  ];
}

function waiverWarnings(gated: GatedControl[], now: Date): Warning[] {
  const found: Warning[] = [];
  const waiver = ({ base }: GatedControl) => base.waiver_data;
  const texts = gated.filter(
    control =>
      typeof waiver(control)?.skipped_due_to_waiver === 'string' && waiver(control)?.skipped_due_to_waiver !== '',
  );
  const expired = gated.filter(
    control => Boolean(waiver(control)?.skipped_due_to_waiver) && isExpired(waiver(control)?.expiration_date, now),
  );
  if (texts.length > 0)
    found.push(warn('waiver-flag-type', 'skipped_due_to_waiver is a text, which SAF takes for yes', idsOf(texts)));
  if (expired.length > 0) found.push(warn('waiver-expired', 'waived, and the waiver has expired', idsOf(expired)));
  return found;
}

function resultWarnings(gated: GatedControl[]): Warning[] {
  const lost = gated.filter(({ base }) => base.results.some(isTransportFailure));
  return lost.length === 0 ? [] : [warn('transport-exception', 'the connection broke, not the control', idsOf(lost))];
}
