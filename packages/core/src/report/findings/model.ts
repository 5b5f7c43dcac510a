// SPDX-License-Identifier: Apache-2.0
import type { Area, ComparedFinding, RunPoint } from '../../findings/index.ts';

/** A file of a source, as it lay there. */
export interface SourceFile {
  path: string;
  sha256: string | undefined;
  bytes: number;
  /** When the scanner looked, ISO 8601. */
  checkedAt: string | undefined;
  tool: string;
  version: string | undefined;
  /** What it looked with: signatures, advisories. */
  database: string | undefined;
}

/** A scanner's result that has to be there, and whether it looked. */
export interface ShownSource {
  id: string;
  tool: string;
  area: Area;
  target: string;
  kind: 'looked' | 'not-looked';
  problems: { code: string; text: string; file: string }[];
  warnings: string[];
  files: SourceFile[];
  /** What was looked for. */
  ruleset: string;
  /** What was asked for, where that is less than everything. */
  scope: string;
  /** How many rules were not evaluated. */
  unchecked: number;
  findings: number;
}

/** A waiver and what it did. */
export interface ShownWaiver {
  key: string;
  reason: string;
  origin: string;
  /** ISO 8601. */
  expires: string | undefined;
  state: 'applied' | 'expired' | 'endless' | 'unused';
}

/** One run over all sources, as reports show it: bounded (`boundFinding`), and hostile all the same. */
export interface FindingsModel {
  tool: { name: string; version: string };
  run: { id: string; at: string };
  scope: string;
  exitCode: number;
  /** The same without `report-only`: what the verdict is of. */
  exit: number;
  /** Why, a sentence each. */
  reasons: string[];
  /** Whether a state of an earlier run was there to compare with. */
  isCompared: boolean;
  /** The file of sources, relative to the workspace: where code scanning shows what has no file of its own. */
  sourcesFile: string;
  sources: ShownSource[];
  waivers: ShownWaiver[];
  rows: readonly ComparedFinding[];
  /** Earlier runs and this one, oldest first. */
  trend: readonly RunPoint[];
}

/** A report in pieces, since 100,000 findings are more than a text should hold. */
export type Pieces = Iterable<string>;
