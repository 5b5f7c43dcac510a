// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '../errors/index.ts';
import type { Compliance, Counts, Judged, JudgedAudit, Reason, Violation, Warning } from '../gate/index.ts';
import type { Observation, Outcome } from '../outcome/index.ts';
import type { ReportModel } from './model.ts';
import {
  type Row,
  type ShownTarget,
  type ShownWaiver,
  shownIdentity,
  shownName,
  toRows,
  toShownTarget,
} from './rows.ts';
import { oneLine, shorten, shortLine } from './text.ts';
import { byText, plural } from './words.ts';

/** Why there are no counts for an outcome. */
export interface Trouble {
  code: Reason | ErrorCode;
  message: string;
  hint: string;
}

/** One outcome as reports show it; every text in it is cleaned. */
export interface OutcomeView {
  judged: Judged;
  target: ShownTarget | undefined;
  /** `namespace/pod/container`, or the selector that matched nothing. */
  name: string;
  identity: string;
  profile: string;
  result: 'pass' | 'fail' | 'error';
  /** Set for unreached targets and for results that could not be judged: such outcomes have no rows. */
  trouble: Trouble | undefined;
  /** How the target was looked at; undefined for result files from elsewhere. */
  observation: Observation | undefined;
  rows: Row[];
  /** Exactly what the gate counted. */
  counts: Counts | undefined;
  compliance: Compliance | undefined;
  violations: Violation[];
  warnings: Warning[];
}

/** Every outcome, by identity, then pod, then profile. */
export function toViews(model: ReportModel): OutcomeView[] {
  const now = new Date(model.run.finished);
  return inOrder(model).map(judged => toView(judged, now));
}

/** The order of every report, whichever target was done first: a run that is read back has no other. */
export function inOrder({ verdict }: Pick<ReportModel, 'verdict'>): Judged[] {
  return verdict.judged
    .map(judged => ({ judged, key: keyOf(judged.outcome) }))
    .toSorted((a, b) => byText(a.key, b.key))
    .map(({ judged }) => judged);
}

const keyOf = ({ target, profile }: Outcome) =>
  JSON.stringify([shownIdentity(target), shownName(target), shownProfile(profile)]);

const shownProfile = (profile: Outcome['profile']) => shortLine(profile?.name ?? '', 200);

function toView(judged: Judged, now: Date): OutcomeView {
  const { outcome } = judged;
  const trouble = troubleOf(judged);
  const named = {
    judged,
    target: 'pod' in outcome.target ? toShownTarget(outcome.target) : undefined,
    name: shownName(outcome.target),
    identity: shownIdentity(outcome.target),
    profile: shownProfile(outcome.profile),
    trouble,
    observation: observationOf(outcome),
    violations: violationsOf(judged),
    warnings: warningsOf(judged),
  };
  return judged.judgement === undefined || trouble !== undefined
    ? { ...named, result: 'error', rows: [], counts: undefined, compliance: undefined }
    : { ...named, ...countedView(judged, now) };
}

/** A target that only a file name stands for has no pod, and how it was looked at is not known. */
function observationOf({ target, observation }: Outcome): Observation | undefined {
  return 'pod' in target && target.podUid === '' ? undefined : observation;
}

function countedView(
  { outcome, judgement, comparison }: JudgedAudit,
  now: Date,
): Pick<OutcomeView, 'result' | 'rows' | 'counts' | 'compliance'> {
  const { controls, counts, compliance } = judgement;
  const isBelow = judgement.exit === 3 || comparison?.exit === 3;
  return { result: isBelow ? 'fail' : 'pass', rows: toRows(outcome, controls, now), counts, compliance };
}

const warningsOf = ({ judgement, comparison }: Judged) =>
  [...(judgement?.warnings ?? []), ...(comparison?.warnings ?? [])].map(({ code, message, controls }) => ({
    code,
    message: oneLine(message),
    controls: controls.map(id => shortLine(id, 200)),
  }));

function troubleOf({ outcome, judgement, comparison }: Judged): Trouble | undefined {
  if (outcome.kind === 'unreached') {
    const { error } = outcome;
    return { code: error.code, message: shorten(error.message, 4096), hint: shortLine(error.remedy, 1000) };
  }
  const refused = [judgement, comparison].find(each => each?.exit === 2);
  if (refused === undefined) return undefined;
  return {
    code: refused.reason,
    message: shorten(refused.problem ?? 'The results could not be judged.', 4096),
    hint: 'The results are kept as they are; docs/gate.md explains each reason.',
  };
}

function violationsOf({ judgement, comparison }: Judged): Violation[] {
  const found = (judgement?.violations ?? []).map(({ key, profile, expected, actual, controls }) => ({
    key,
    profile: oneLine(profile),
    expected: shortLine(expected, 1000),
    actual: shortLine(actual, 1000),
    controls: controls.map(id => shortLine(id, 200)),
  }));
  if (comparison?.exit !== 3) return found;
  const worse = [...comparison.new, ...comparison.lost].map(id => shortLine(id, 200));
  const actual = `${plural(comparison.new.length, 'new failure')}, ${comparison.lost.length} no longer evaluated`;
  return [
    ...found,
    { key: baselineKey, profile: '', expected: 'nothing worse than the baseline', actual, controls: worse },
  ];
}

/** Stands among the keys of bounds for the comparison with a baseline. */
export const baselineKey = 'baseline';

export interface ViolationView {
  view: OutcomeView;
  violation: Violation;
}

export const allViolations = (views: OutcomeView[]): ViolationView[] =>
  views.flatMap(view => view.violations.map(violation => ({ view, violation })));

/** A target that was not reached has no profile, which is not another one. */
export const haveSeveralProfiles = (views: readonly OutcomeView[]): boolean =>
  new Set(views.map(({ profile }) => profile).filter(name => name !== '')).size > 1;

/** Controls with a waiver, those that expired first. */
export function waivedRows(views: OutcomeView[]): Row[] {
  const rows = views.flatMap(view => view.rows).filter(row => row.waiver !== undefined);
  const rank = (row: Row) => (row.waiver?.state === 'expired' ? 0 : 1);
  return rows.toSorted((a, b) => rank(a) - rank(b));
}

export function waiverState({ waiver, waived, control }: Row): string {
  if (waiver === undefined) return '';
  const until = waiver.expires ?? '';
  const words: Record<ShownWaiver['state'], string> = {
    active: until === '' ? 'waived without an expiry date' : `waived until ${until}`,
    expired: `EXPIRED ${until}, ${waived ? 'still counted as waived' : 'no longer waived'}`,
    unapplied: control.waiver_data?.run === false ? 'not applied' : 'evaluated despite the waiver',
  };
  return words[waiver.state];
}

/** Warnings of the run, the grant and the gate, each once. */
export function allWarnings(model: ReportModel, views: OutcomeView[]): string[] {
  const byCode = new Map<string, { message: string; controls: Set<string> }>();
  for (const warning of views.flatMap(view => view.warnings)) {
    const known = byCode.get(warning.code) ?? { message: warning.message, controls: new Set<string>() };
    for (const id of warning.controls) known.controls.add(id);
    byCode.set(warning.code, known);
  }
  const gate = [...byCode].map(([code, { message, controls }]) => {
    const ids = [...controls].slice(0, 20).map(id => oneLine(id));
    const more = controls.size > ids.length ? ` and ${controls.size - ids.length} more` : '';
    return `${code}: ${oneLine(message)}${ids.length > 0 ? ` (${ids.join(', ')}${more})` : ''}`;
  });
  return [
    ...grantWarnings(model),
    ...model.warnings.map(text => shortLine(text, 2000)),
    ...gate,
    ...viewWarnings(views),
  ];
}

function grantWarnings({ grant }: ReportModel): string[] {
  if (grant?.revoked !== false) return [];
  const names = grant.objects.map(each => oneLine(`${each.kind} ${each.namespace}/${each.name}`)).join(', ');
  return [`THE TEMPORARY IDENTITY WAS NOT REVOKED: run \`cinc-scan sweep\` (${names || 'objects unknown'})`];
}

function viewWarnings(views: OutcomeView[]): string[] {
  const observed = views.flatMap(({ name, observation }) => (observation === undefined ? [] : [{ name, observation }]));
  const partial = observed.filter(({ observation }) => observation.view === 'files-only').map(({ name }) => name);
  const reachable = observed.filter(({ observation }) => observation.witness === 'reachable').map(({ name }) => name);
  const unanswered = observed
    .filter(({ observation }) => observation.notSeen > 0)
    .map(({ name, observation }) => `${name} (${plural(observation.notSeen, 'question')})`);
  const left = observed.flatMap(({ name, observation }) =>
    observation.leftBehind === undefined ? [] : [`${name} (${oneLine(observation.leftBehind)})`],
  );
  const cutShort = observed.filter(({ observation }) => observation.truncated > 0).map(({ name }) => name);
  return [
    ...(partial.length > 0 ? [`only files could be seen, no processes, in ${partial.join(', ')}`] : []),
    ...(reachable.length > 0
      ? [`the target could reach the tools that looked into it, in ${reachable.join(', ')}`]
      : []),
    ...(unanswered.length > 0
      ? [`controls are not reviewed where this view had no answer, in ${unanswered.join(', ')}`]
      : []),
    ...(left.length > 0 ? [`ephemeral containers stay until the pod ends: ${left.join(', ')}`] : []),
    ...(cutShort.length > 0 ? [`answers were cut at the size limit in ${cutShort.join(', ')}`] : []),
  ];
}
