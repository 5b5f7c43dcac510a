// SPDX-License-Identifier: Apache-2.0
import type { GivenResult } from '../outcome/index.ts';
import { type GateRequest, judgeResults, type Ruling, resultRuling, unusedThresholds, worse } from './judge.ts';
import type { ExitCode, Judged, Verdict } from './verdict.ts';

/** One result file with the answer to it. */
export interface GatedFile {
  file: string;
  ruling: Ruling;
  /** Undefined where the file could not be read. */
  judged: Judged | undefined;
}

export interface FilesVerdict {
  /** Before `report-only`. */
  exit: ExitCode;
  exitCode: ExitCode;
  reason: Ruling['reason'];
  gate: Verdict['gate'];
  files: GatedFile[];
  /** Entries of the threshold that match none of the files. */
  unused: string[];
}

/** Judges each file alone; the worst decides, and nothing that could not be read is left out. */
export function gateFiles(given: readonly GivenResult[], gate: GateRequest): FilesVerdict {
  const outcomes = given.flatMap(each => (each.kind === 'result' ? [each.outcome] : []));
  const verdict = judgeResults(outcomes, { ...gate, allowNoTargets: true });
  const files = given.map((each): GatedFile => {
    if (each.kind === 'refused')
      return { file: each.name, ruling: { exit: 2, reason: each.reason, problem: each.problem }, judged: undefined };
    const judged = verdict.judged[outcomes.indexOf(each.outcome)];
    return { file: each.name, ruling: judged ? resultRuling(judged) : unjudged, judged };
  });
  const { exit, reason } = files.length === 0 ? unjudged : files.map(({ ruling }) => ruling).reduce(worse);
  const exitCode = gate.reportOnly && exit === 3 ? 0 : exit;
  return { exit, exitCode, reason, gate: verdict.gate, files, unused: unusedThresholds(gate, verdict) };
}

const unjudged: Ruling = { exit: 2, reason: 'nothing-checked', problem: 'no results were given' };
