// SPDX-License-Identifier: Apache-2.0
import { stableId } from '../gate/index.ts';
import {
  type ControlStatus,
  controlStatus,
  type GatedControl,
  type Hdf,
  type HdfControl,
  resultStatus,
  selectGated,
  shownSeverity,
} from '../outcome/index.ts';
import type { RawFinding } from './finding.ts';

/** A rule that was evaluated, and where. */
export interface Passed {
  rule: string;
  title: string;
  place: string;
}

/** What a result file says, as findings. */
export interface HdfFindings {
  findings: RawFinding[];
  passes: Passed[];
  /** Controls that were skipped or do not apply: nothing was looked at. */
  unchecked: string[];
  /** Controls that broke: they should have looked, and could not. */
  broken: string[];
  /** The profiles with their major versions. */
  ruleset: string;
}

type ReadHdfFindings = ({ kind: 'findings' } & HdfFindings) | { kind: 'refused'; problem: string };

/** One finding for each control that failed, as the gate counts it; the results stay within it, since they have no names. */
export function findingsOfHdf(hdf: Hdf, now: Date): ReadHdfFindings {
  const selection = selectGated(hdf, 'all');
  if (selection.kind === 'ambiguous') return { kind: 'refused', problem: selection.problem };
  const controls = selection.sets.flatMap(set => set.controls);
  const judged = controls.map(control => ({
    control,
    status: controlStatus(control.base, { strict: true, now }).value,
  }));
  const idsWith = (...statuses: ControlStatus[]) =>
    judged.filter(({ status }) => statuses.includes(status)).map(({ control }) => stableId(control.listed.id));
  const of = (status: ControlStatus) => judged.flatMap(each => (each.status === status ? [each.control] : []));
  return {
    kind: 'findings',
    findings: of('failed').map(control => toRaw(control)),
    passes: of('passed').map(({ listed }) => ({ rule: stableId(listed.id), title: listed.title ?? '', place: '' })),
    unchecked: idsWith('skipped', 'no_impact'),
    broken: idsWith('error'),
    ruleset: rulesetOf(hdf),
  };
}

function rulesetOf({ profiles }: Hdf): string {
  const names = profiles.map(({ name, version }) => [name, /^\d+/.exec(version ?? '')?.[0]].filter(Boolean).join(' '));
  return [...new Set(names)].toSorted().join(', ');
}

function toRaw({ listed, base, profile }: GatedControl): RawFinding {
  const id = stableId(listed.id);
  return {
    kind: 'misconfiguration',
    rule: id,
    ruleKey: JSON.stringify([profile.name, id]),
    aliases: [],
    title: listed.title ?? base.title ?? '',
    rating: ratingOf(base),
    place: { resource: profile.name, path: undefined },
    evidence: evidenceOf(base),
    nist: nistOf(base),
    refs: [],
  };
}

const ratingOf = (control: HdfControl) => ({
  severity: shownSeverity(control),
  raw: `impact ${control.impact}`,
  source: 'hdf',
});

function evidenceOf({ results }: HdfControl): string {
  const failed = results.filter(result => resultStatus(result) === 'failed');
  return failed.map(({ code_desc: what, message }) => message ?? what).join('\n');
}

function nistOf({ tags }: HdfControl): string[] {
  const tag = tags['nist'];
  const items: unknown[] = Array.isArray(tag) ? tag : [tag];
  return items.flatMap(item => (typeof item === 'string' ? [item] : []));
}
