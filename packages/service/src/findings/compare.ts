// SPDX-License-Identifier: Apache-2.0
// What becomes of findings when a source has looked again, or could not. Pure: rows in, rows out.
import {
  type ComparedFinding,
  type Coverage,
  compareFindings,
  type Finding,
  type FindingState,
  type StateEntry,
} from '@cinc-scan/core';
import type { SourceFindings } from './run-findings.ts';

export type Standing = StateEntry['status'];

/** What is known of a source before this run. */
export interface KnownSource {
  /** When it last looked; undefined for one that never did. */
  at: string | undefined;
  /** How it looked when it last did. */
  coverage: Coverage | undefined;
}

/** What one source says of one finding. */
export interface Sighting {
  finding: Finding;
  standing: Standing;
  firstSeen: string;
  lastSeen: string;
  seen: Coverage;
}

export interface SourceChange extends Omit<Sighting, 'seen'> {
  fingerprint: string;
  seen: Coverage;
  /** What the comparison says: new, returned, known, unsure, fixed. */
  status: ComparedFinding['status'];
  because: string;
}

/** Undefined for what is no later than the last look: it says nothing about what that saw. */
export function compareSource(
  source: SourceFindings,
  { known, sightings }: { known: KnownSource; sightings: readonly Sighting[] },
): SourceChange[] | undefined {
  const { name, at } = source;
  const scope = name;
  const state: FindingState = {
    version: 1,
    scope,
    at: known.at ?? '',
    looks: known.coverage === undefined ? {} : { [name]: known.coverage },
    entries: Object.fromEntries(sightings.map(each => [each.finding.fingerprint, toEntry(each, name)])),
    runs: [],
  };
  const run = { scope, at, looks: [source.look], findings: source.findings, waived: new Map<string, string>() };
  const compared = compareFindings(state, run);
  if (compared.kind === 'refused') return undefined;
  return compared.rows.flatMap(row => toChange(row, compared.state.entries[row.finding.fingerprint], name));
}

const toEntry = ({ finding, standing: status, firstSeen, lastSeen, seen }: Sighting, source: string): StateEntry => ({
  finding,
  status,
  firstSeen,
  lastSeen,
  seenBy: { [source]: seen },
});

function toChange(row: ComparedFinding, entry: StateEntry | undefined, source: string): SourceChange[] {
  const seen = entry?.seenBy[source];
  if (entry === undefined || seen === undefined) return [];
  const { finding, status: standing, firstSeen, lastSeen } = entry;
  const { fingerprint } = finding;
  return [{ fingerprint, finding, standing, firstSeen, lastSeen, seen, status: row.status, because: row.because }];
}

export const findingStatuses = ['new', 'known', 'returned', 'unsure', 'fixed'] as const;
export type Status = (typeof findingStatuses)[number];

/** What all sources together say of a finding: it is there if one says so, and gone only if each of them does. */
export function statusOf(
  change: Pick<SourceChange, 'standing' | 'status'>,
  { before, others }: { before: Status | undefined; others: readonly Standing[] },
): Status {
  if (change.standing === 'open') {
    if (change.status === 'unsure') return before === undefined ? 'unsure' : stillThere(before);
    if (before === undefined) return 'new';
    return before === 'fixed' ? 'returned' : 'known';
  }
  if (others.includes('open')) return before === undefined ? 'known' : stillThere(before);
  return change.standing === 'fixed' && others.every(each => each === 'fixed') ? 'fixed' : 'unsure';
}

/** Another source vouches for it. */
const stillThere = (before: Status): Status => (before === 'fixed' || before === 'unsure' ? 'known' : before);
