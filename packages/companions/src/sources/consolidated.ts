// SPDX-License-Identifier: Apache-2.0
import type { Area, Finding, FindingWaiver, Look, Passed, readRun } from '@cinc-scan/core';
import type { Problem } from '../reading.ts';

/** A file that was given, or found where a source looks for one; read when its turn comes, and not kept. */
export interface GivenFile {
  path: string;
  read: () => { kind: 'bytes'; bytes: Uint8Array } | { kind: 'unreadable'; problem: string };
  /** The envelope beside it, if there is one. */
  envelope?: string | undefined;
}

/** A folder that a source names, where a run of ours should be. */
export interface GivenRun {
  /** The id of the source. */
  source: string;
  folder: string;
  read: () => ReturnType<typeof readRun>;
  /** Its manifest and results, to be kept as they are. */
  members: readonly GivenFile[];
}

export type Given = GivenFile | GivenRun;

/** Whose results these are, and what they are about. */
interface SourceName {
  id: string;
  tool: string;
  area: Area;
  target: string;
}

/** What was made of one file. */
export interface FileFacts {
  path: string;
  sha256: string | undefined;
  bytes: number;
  checkedAt: string | undefined;
  tool: string;
  version: string | undefined;
  /** Signatures, advisories: what it looked with. */
  database: string | undefined;
}

/** A problem and the file that it is about. */
export interface SourceProblem extends Problem {
  file: string;
}

/** What became of one source: it looked, or it did not; what it found stands either way. */
export interface ConsolidatedSource {
  source: SourceName;
  kind: 'looked' | 'not-looked';
  problems: SourceProblem[];
  warnings: string[];
  files: FileFacts[];
  look: Look;
  findings: Finding[];
  passes: Passed[];
  statements: FindingWaiver[];
}

export interface Consolidation {
  scope: string;
  sources: ConsolidatedSource[];
  /** Of all sources, equal ones merged. */
  findings: Finding[];
  looks: Look[];
  statements: FindingWaiver[];
}
