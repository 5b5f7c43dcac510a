// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type GateRequest, gateDefaults, judgeResults } from '../../gate/index.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { readResultFolder } from '../../outcome/read-results.ts';
import { modelOfResults } from '../convert.ts';
import type { ReportModel } from '../model.ts';
import { plural } from '../words.ts';
import { readStoredRun, reasonOf, type StoredRun, unreachedOf } from './stored-run.ts';

/** The run whose files lie in a folder, with the verdict that it had; undefined where there are none. */
export function readRunModel(folder: string, now: Date): ReportModel | undefined {
  const stored = readStoredRun(folder);
  const results = readResultFolder(folder);
  if (results.length === 0 && stored === undefined) return undefined;
  const gate = stored && gateOf(stored, now);
  const model = modelOfResults(results, now, { gate });
  if (stored !== undefined && gate !== undefined) return asStored(model, stored, gate);
  return existsSync(join(folder, 'scan.json')) ? asUnfinished(model) : model;
}

/** What a killed run has left tells nothing of what it had not come to. */
function asUnfinished(model: ReportModel): ReportModel {
  const verdict: Verdict = { ...model.verdict, verdict: 'error', reason: 'ENGINE_CRASHED', exit: 5, exitCode: 5 };
  const warning = 'The run has not finished, or its manifest cannot be read: there may have been more targets';
  return { ...model, verdict, warnings: [warning, ...model.warnings] };
}

/** The bounds of the run, held against its results again: for what every bound says of which control. */
function gateOf({ gate }: StoredRun, now: Date): GateRequest {
  return {
    threshold: { bounds: new Map(Object.entries(gate.bounds)), notEnforced: [] },
    source: gate.source,
    failOn: undefined,
    baseline: undefined,
    options: { ...gateDefaults(now), strict: gate.strict },
    reportOnly: false,
  };
}

function asStored(model: ReportModel, stored: StoredRun, gate: GateRequest): ReportModel {
  const audited = model.verdict.judged.map(({ outcome }) => outcome);
  const again = judgeResults([...audited, ...unreachedOf(stored)], gate);
  const { verdict, exit } = stored.gate;
  const own: Verdict = { ...again, verdict, exit, reason: reasonOf(stored), exitCode: stored.exitCode };
  const missing = stored.targets.filter(({ outcome }) => outcome === 'audited').length - audited.length;
  const warnings = missing > 0 ? [`${plural(missing, 'result file')} of this run are not in its folder`] : [];
  return {
    ...model,
    run: { ...model.run, id: stored.run.id, finished: stored.run.finished },
    cluster: { ...model.cluster, alias: stored.cluster.alias },
    verdict: own,
    warnings: [...warnings, ...stored.warnings],
  };
}
