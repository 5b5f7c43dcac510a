// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { weakerJail } from '../engine/index.ts';
import {
  compareExits,
  type GateRequest,
  judgeResults,
  unusedThresholds,
  type Verdict,
  withGrantLeft,
} from '../gate/index.ts';
import { byText, type GrantRecord, type ReportModel } from '../report/index.ts';

/** Several runs as one: each target as it was judged, and the verdict of the worst run. */
export function mergeRuns(runs: readonly [ReportModel, ...ReportModel[]]): ReportModel {
  const [first, ...others] = runs;
  if (others.length === 0) return first;
  const clusters = unique(runs.map(({ cluster }) => cluster));
  const finished = runs.map(({ run }) => run.finished).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  return {
    tool: first.tool,
    run: {
      id: mergedId(runs),
      started: runs.map(({ run }) => run.started).toSorted(byText)[0] ?? first.run.started,
      finished: finished.at(-1) ?? first.run.finished,
      seconds: runs.reduce((sum, { run }) => sum + run.seconds, 0),
    },
    cluster:
      clusters.length === 1
        ? first.cluster
        : { alias: clusters.map(({ alias }) => alias).join(', '), server: '', version: undefined },
    engine: first.engine,
    jail: mergeJails(runs.map(({ jail }) => jail)),
    grant: mergeGrants(runs.flatMap(({ grant }) => (grant === undefined ? [] : [grant]))),
    profiles: unique(runs.flatMap(({ profiles }) => profiles)),
    passedOver: runs.flatMap(({ passedOver }) => passedOver),
    verdict: mergeVerdicts(runs.map(({ verdict }) => verdict)),
    warnings: unique(runs.flatMap(({ warnings }) => warnings)),
    request: { merged: runs.map(({ run }) => run.id) },
  };
}

/** A stored run under another gate, because somebody asked for one. What was not reached stays what it was. */
export function judgeAgain(model: ReportModel, gate: GateRequest): ReportModel {
  const judged = judgeResults(
    model.verdict.judged.map(({ outcome }) => outcome),
    gate,
  );
  const verdict = model.grant?.revoked === false ? withGrantLeft(judged, 'GRANT_NOT_REVOKED') : judged;
  const unused = unusedThresholds(gate, verdict).map(name => `threshold: ${name} matches none of the results`);
  return { ...model, verdict, warnings: [...model.warnings, ...unused] };
}

function mergedId(runs: readonly ReportModel[]): string {
  const hash = createHash('sha256');
  for (const { run } of runs) hash.update(`${run.id}\n${run.finished}\n`);
  return `merged-${hash.digest('hex').slice(0, 12)}`;
}

/** The weakest; one of which nothing is known may have been weaker still. */
function mergeJails(jails: ReportModel['jail'][]): ReportModel['jail'] {
  return jails.reduce((one, other) => (one === undefined || other === undefined ? undefined : weakerJail(one, other)));
}

function mergeGrants(grants: GrantRecord[]): GrantRecord | undefined {
  const [first] = grants;
  if (first === undefined) return undefined;
  return {
    access: grants.some(({ access }) => access === 'grant') ? 'grant' : 'existing',
    objects: grants.flatMap(({ objects }) => objects),
    expiresAt: grants
      .flatMap(({ expiresAt }) => expiresAt ?? [])
      .toSorted(byText)
      .at(-1),
    revoked: grants.some(({ revoked }) => revoked === false) ? false : first.revoked,
  };
}

function mergeVerdicts(verdicts: Verdict[]): Verdict {
  const [worst] = verdicts.toSorted((a, b) => compareExits(b.exit, a.exit));
  const [exitCode] = verdicts.map(verdict => verdict.exitCode).toSorted((a, b) => compareExits(b, a));
  if (worst === undefined || exitCode === undefined) throw new RangeError('There is no run to merge');
  const gates = unique(verdicts.map(({ gate }) => gate));
  const [gate = worst.gate] = gates;
  const sources = unique(gates.map(({ source }) => source)).join('; ');
  return {
    ...worst,
    exitCode,
    // Each target keeps the bounds that it was held to; there are none of all.
    gate: gates.length === 1 ? gate : { source: sources, bounds: {}, strict: gates.every(({ strict }) => strict) },
    judged: verdicts.flatMap(({ judged }) => judged),
  };
}

const unique = <T>(values: T[]): T[] => [...new Map(values.map(value => [JSON.stringify(value), value])).values()];
