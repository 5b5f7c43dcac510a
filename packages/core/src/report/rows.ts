// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ScanError } from '../errors/index.ts';
import { type Counted, stableId } from '../gate/index.ts';
import {
  type Audited,
  type ControlStatus,
  controlsOf,
  type HdfControl,
  type HdfResult,
  isExpired,
  type LocatedControl,
  type ResultStatus,
  resultStatus,
  type Severity,
  severities,
  shownSeverity,
} from '../outcome/index.ts';
import { type MissingTarget, stableIdentity, type Target, targetName } from '../plan/index.ts';
import { cutBytes, shorten, shortLine } from './text.ts';
import { byText, type StatusWord, statusWords } from './words.ts';

export interface ShownWaiver {
  /** `unapplied`: the waiver stands, and the control was evaluated all the same (`run: true`). */
  state: 'active' | 'expired' | 'unapplied';
  reason: string;
  owner: string | undefined;
  expires: string | undefined;
}

/** A target whose texts are cleaned and bounded. */
export interface ShownTarget extends Target {
  /** `namespace/pod/container`. */
  name: string;
  /** `cluster/namespace/kind/workload/container`, stable over pods and days. */
  identity: string;
}

export function toShownTarget(target: Target): ShownTarget {
  const short = (text: string) => shortLine(text, 300);
  return {
    ...target,
    cluster: short(target.cluster),
    namespace: short(target.namespace),
    pod: short(target.pod),
    podUid: short(target.podUid),
    container: short(target.container),
    image: short(target.image),
    imageDigest: target.imageDigest === undefined ? undefined : short(target.imageDigest),
    node: target.node === undefined ? undefined : short(target.node),
    owner: { kind: short(target.owner.kind), name: short(target.owner.name) },
    name: shownName(target),
    identity: shownIdentity(target),
  };
}

export const shownName = (target: Target | MissingTarget): string => shortLine(targetName(target), 500);
export const shownIdentity = (target: Target | MissingTarget): string => shortLine(stableIdentity(target), 1000);

/** One control of one outcome, as the gate counted it. Texts are cleaned but for `outcome`, `control`, `key` and `rawId`. */
export interface Row {
  outcome: Audited;
  target: ShownTarget;
  profile: string;
  profileVersion: string;
  /** The id without its per-run hash, `#2` for a second one: for names and fingerprints. */
  key: string;
  /** As the gate names it. Hostile text. */
  rawId: string;
  id: string;
  title: string;
  status: ControlStatus;
  word: StatusWord;
  severity: Severity;
  impact: number;
  waived: boolean;
  waiver: ShownWaiver | undefined;
  /** The first thing to know: of the first failed or errored result, the skip, or the waiver. */
  message: string;
  nist: string[];
  cci: string[];
  source: { ref: string; line: number } | undefined;
  tally: Record<ResultStatus, number>;
  seconds: number;
  started: string;
  /** The control whose status counts: the deepest of its overlays. Hostile text. */
  control: HdfControl;
}

/** The rows of one audited outcome, by severity, then id. */
export function toRows(outcome: Audited, counted: Counted[], now: Date): Row[] {
  const controls = controlsOf(outcome.hdf);
  const target = toShownTarget(outcome.target);
  const seen = new Map<string, number>();
  const rows = counted.map(one => {
    const listed = controlAt(controls, one.at);
    const stable = stableId(listed.control.id);
    const place = JSON.stringify([listed.profile.name, stable]);
    const copy = (seen.get(place) ?? 0) + 1;
    seen.set(place, copy);
    const found = { listed, base: controlAt(controls, one.base).control };
    const waived = one.statusBecause === 'waived';
    const { status } = one;
    return toRow(outcome, found, { target, key: copy === 1 ? stable : `${stable}#${copy}`, status, waived, now });
  });
  return rows.toSorted(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      byText(a.key, b.key) ||
      byText(a.profile, b.profile),
  );
}

/** The gate says which controls it counted; one that the results lack is of other results. */
function controlAt(controls: LocatedControl[], number: number): LocatedControl {
  const found = controls[number];
  if (found === undefined) throw new ScanError('RESULT_INVALID', `The results have no control number ${number}`);
  return found;
}

interface FoundControl {
  listed: LocatedControl;
  base: HdfControl;
}

interface Fixed {
  target: ShownTarget;
  key: string;
  status: ControlStatus;
  waived: boolean;
  now: Date;
}

function toRow(outcome: Audited, { listed: { control: listed, profile }, base }: FoundControl, fixed: Fixed): Row {
  const waiver = toWaiver(base, fixed.waived, fixed.now);
  return {
    outcome,
    target: fixed.target,
    profile: shortLine(profile.name, 200),
    profileVersion: shortLine(profile.version ?? '', 100),
    key: fixed.key,
    rawId: listed.id,
    id: shortLine(listed.id, 200),
    title: shortLine(listed.title ?? base.title ?? '', 300),
    status: fixed.status,
    word: fixed.waived ? 'Waived' : statusWords[fixed.status],
    severity: shownSeverity(base),
    impact: base.impact,
    waived: fixed.waived,
    waiver,
    message: firstMessage(base, fixed.status, waiver),
    nist: tagWords(base, 'nist'),
    cci: tagWords(base, 'cci'),
    source: sourceOf(base),
    tally: tallyOf(base),
    seconds: base.results.reduce((sum, result) => sum + Math.max(0, result.run_time ?? 0), 0),
    started: shortLine(base.results[0]?.start_time ?? '', 60),
    control: base,
  };
}

function toWaiver(control: HdfControl, applied: boolean, now: Date): ShownWaiver | undefined {
  const data = control.waiver_data ?? {};
  const reason = shortLine(data.justification ?? '', 1000);
  const expires = shortLine(data.expiration_date ?? '', 60) || undefined;
  const owner = ownerOf(data) ?? ownerIn(reason);
  if (!applied && reason === '' && expires === undefined) return undefined;
  const state = waiverState(applied, isExpired(data.expiration_date, now));
  return { state, reason, owner, expires };
}

function waiverState(applied: boolean, expired: boolean): ShownWaiver['state'] {
  if (expired) return 'expired';
  return applied ? 'active' : 'unapplied';
}

const ownerIn = (reason: string) =>
  /(?:^|[\s;,([])owner\s*[:=]\s*([^;,)\]]+)/iu.exec(reason)?.[1]?.trim().slice(0, 200);

function ownerOf(data: object): string | undefined {
  const owner: unknown = 'owner' in data ? data.owner : undefined;
  return typeof owner === 'string' && owner.trim() !== '' ? shortLine(owner, 200) : undefined;
}

function firstMessage(control: HdfControl, status: ControlStatus, waiver: ShownWaiver | undefined): string {
  const wanted: Partial<Record<ControlStatus, ResultStatus>> = { failed: 'failed', error: 'error', skipped: 'skipped' };
  const kind = wanted[status];
  const result = control.results.find(each => resultStatus(each) === kind);
  if (kind !== undefined && result !== undefined) return shorten(resultMessage(result), 1000).trim();
  if (status === 'error')
    return control.results.length === 0 ? 'The control has no result.' : 'No result has a status.';
  if (waiver?.state === 'active') return waiver.reason;
  const skipped = control.results.find(each => each.skip_message);
  return status === 'no_impact' ? shorten(skipped?.skip_message ?? '', 1000) : '';
}

/** What a result says; every auditor fills another field. */
function resultMessage(result: HdfResult): string {
  const said = [result.message, result.skip_message, result.exception, result.backtrace?.[0]];
  return said.find(text => typeof text === 'string' && text.trim() !== '') ?? result.code_desc;
}

/** The words of a tag, which profiles write as one or as a list. */
export function tagWords(control: Pick<HdfControl, 'tags'>, name: string): string[] {
  const tag = control.tags[name];
  const items: unknown[] = Array.isArray(tag) ? tag : [tag];
  const words = items.flatMap(item =>
    typeof item === 'string' || typeof item === 'number' ? [shortLine(`${item}`, 60)] : [],
  );
  return [...new Set(words.filter(word => word !== ''))].slice(0, 50);
}

function sourceOf({ source_location: { ref, line } }: HdfControl): Row['source'] {
  if (typeof ref !== 'string' || ref === '') return undefined;
  return { ref: shortLine(ref, 500), line: Math.max(1, Math.trunc(line ?? 1)) };
}

function tallyOf(control: HdfControl): Row['tally'] {
  const tally = { passed: 0, failed: 0, skipped: 0, error: 0 };
  for (const result of control.results) {
    const status = resultStatus(result);
    if (status !== undefined) tally[status] += 1;
  }
  return tally;
}

export interface ShownResult {
  status: ResultStatus;
  description: string;
  message: string;
}

const mostResults = 20;
const mostBytes = 4096;

/** Results worth showing (all but passed, or all), worst first and bounded; how many were left out is told. */
export function shownResults(row: Row, which: 'bad' | 'all'): { results: ShownResult[]; leftOut: number } {
  const order: ResultStatus[] = ['error', 'failed', 'skipped', 'passed'];
  const found = order
    .flatMap(status => row.control.results.filter(result => (resultStatus(result) ?? 'error') === status))
    .filter(result => which === 'all' || ['failed', 'error'].includes(resultStatus(result) ?? 'error'));
  let left = mostBytes;
  const results: ShownResult[] = [];
  for (const result of found.slice(0, mostResults)) {
    if (left <= 0) break;
    const description = cutBytes(shortLine(result.code_desc, 500), left);
    left -= Buffer.byteLength(description);
    const message = left > 0 ? cutBytes(shorten(messageBeside(result), mostBytes), left) : '';
    left -= Buffer.byteLength(message);
    results.push({ status: resultStatus(result) ?? 'error', description, message });
  }
  return { results, leftOut: found.length - results.length };
}

function messageBeside(result: HdfResult): string {
  const message = resultMessage(result);
  return message === result.code_desc ? '' : message;
}

/** A longer text of the control: its description or one of its labelled ones. */
export function controlText(row: Row, label: 'desc' | 'check' | 'fix' | 'rationale'): string {
  const labelled = row.control.descriptions?.find(each => each.label.toLowerCase() === label)?.data;
  const tag = row.control.tags[label];
  const text = (label === 'desc' ? row.control.desc : undefined) ?? labelled ?? (typeof tag === 'string' ? tag : '');
  return shorten(text, 4096).trim();
}

/** `cincScan/v1`: the same finding on the same workload, whatever its pods are called today. */
export function fingerprint({ key, profile, outcome }: Pick<Row, 'key' | 'profile' | 'outcome'>): string {
  return createHash('sha256')
    .update(`${key}\n${profile}\n${stableIdentity(outcome.target)}`)
    .digest('hex');
}
