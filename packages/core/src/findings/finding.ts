// SPDX-License-Identifier: Apache-2.0
import { severities } from '../outcome/index.ts';

export const areas = ['source', 'os', 'images', 'resources', 'cloud', 'cluster'] as const;
export type Area = (typeof areas)[number];

export const findingKinds = [
  'vulnerability',
  'misconfiguration',
  'secret',
  'licence',
  'malware',
  'lint',
  'conformance',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Where in its target a finding is. Only `line` is for display: it moves without anything having changed. */
export interface Place {
  path?: string | undefined;
  resource?: string | undefined;
  package?: string | undefined;
  purl?: string | undefined;
  line?: number | undefined;
}

export const fixStates = ['fixed', 'not-fixed', 'wont-fix', 'unknown'] as const;
export type FixState = (typeof fixStates)[number];

export const findingSeverities = [...severities, 'unknown'] as const;
export type FindingSeverity = (typeof findingSeverities)[number];

/** Our word for a severity, the tool's own, and which of its fields or authorities said it. */
export interface Rating {
  severity: FindingSeverity;
  raw: string;
  source: string;
}

/** A reason, given together with the result, why it does not count. */
export interface Suppression {
  origin: string;
  reason: string;
}

/** What a tool reported, before anybody said which target its file is about. Hostile text. */
export interface RawFinding {
  kind: FindingKind;
  rule: string;
  /** What names the rule between two runs where its id alone does not: kube-bench numbers anew with each benchmark. */
  ruleKey?: string | undefined;
  aliases: readonly string[];
  title: string;
  rating: Rating;
  place: Place;
  /** What tells two findings of one rule in one place apart, such as the line of source: never a number of a line. */
  mark?: string | undefined;
  installed?: string | undefined;
  fixed?: string | undefined;
  fixState?: FixState | undefined;
  evidence?: string | undefined;
  nist?: readonly string[] | undefined;
  refs?: readonly string[] | undefined;
  suppressed?: Suppression | undefined;
}

/** Who reported a finding, how often within its own results, and how it rated it. */
export interface Reporter {
  source: string;
  tool: string;
  count: number;
  rating: Rating;
  suppressed?: Suppression | undefined;
}

/** One failed check of one place of one target, whoever reported it. */
export interface Finding {
  fingerprint: string;
  area: Area;
  kind: FindingKind;
  rule: string;
  aliases: string[];
  title: string;
  /** The highest of its reporters' that is known. */
  severity: FindingSeverity;
  target: string;
  place: Place;
  installed: string | undefined;
  fixed: string | undefined;
  fixState: FixState;
  evidence: string;
  reportedBy: Reporter[];
  nist: string[];
  refs: string[];
}
