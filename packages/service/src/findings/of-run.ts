// SPDX-License-Identifier: Apache-2.0
// The findings of a run of our own auditor: a source for each container and profile, so that a run of the same container under
// the same profile is compared with it and with nothing else.
import { consolidate, ownTarget, ownTool } from '@cinc-scan/companions';
import type { Area, ReportModel } from '@cinc-scan/core';
import type { RunFindings, SourceFindings, WorkloadPlace } from './run-findings.ts';

export interface RunNames {
  /** Name of the cluster as the service knows it: what a kubeconfig calls it may change. */
  cluster: string;
  /** Profiles that were asked for, by their registered names. */
  profiles: readonly string[];
}

type Judged = ReportModel['verdict']['judged'][number];

/** What is seen from within a container. */
const area: Area = 'os';

export function findingsOfRun(model: ReportModel, names: RunNames): RunFindings {
  const all = model.verdict.judged.map(judged => inCluster(judged, names.cluster));
  const sources = [...new Set(names.profiles)].flatMap(profile => {
    const judged = all.filter(each => isUnder(each, profile));
    return judged.length === 0 ? [] : ofProfile(withJudged(model, judged), profile);
  });
  return { at: model.run.started, sources };
}

const withJudged = (model: ReportModel, judged: Judged[]): ReportModel => ({
  ...model,
  verdict: { ...model.verdict, judged },
});

function inCluster(judged: Judged, cluster: string): Judged {
  if (judged.judgement === undefined) {
    const { outcome } = judged;
    return { ...judged, outcome: { ...outcome, target: { ...outcome.target, cluster } } };
  }
  const { outcome } = judged;
  return { ...judged, outcome: { ...outcome, target: { ...outcome.target, cluster } } };
}

/**
 * What was reached under no profile was not looked at under any. A run calls a profile by its registered name and version, and a
 * second one of that name has a number behind it.
 */
const isUnder = ({ outcome: { profile } }: Judged, name: string): boolean =>
  profile === undefined || profile.source.replace(/(?:@.*)?(?: \(\d+\))?$/, '') === name;

function ofProfile(model: ReportModel, profile: string): SourceFindings[] {
  const places = new Map(
    model.verdict.judged.map(({ outcome }) => [ownTarget(outcome.target), placeOf(outcome.target)]),
  );
  const folder = 'run';
  const run = { kind: 'run', model, reports: [], surfaces: [], missing: [] } as const;
  const given = {
    source: profile,
    folder,
    read: () => ({ ...run, reports: [], surfaces: [], missing: [] }),
    members: [],
  };
  const source = { id: profile, tool: ownTool, area, folder } as const;
  const { sources } = consolidate({ scope: 'run', sources: [source] }, [given], new Date(model.run.finished));
  return sources.map(({ source: { id, tool, target }, problems, look, findings }) => ({
    at: model.run.started,
    name: id,
    tool,
    area,
    target,
    place: places.get(target) ?? null,
    profile,
    problem: problems[0]?.text ?? null,
    look,
    findings,
  }));
}

function placeOf(target: Judged['outcome']['target']): WorkloadPlace | null {
  if (!('pod' in target)) return null;
  const { namespace, owner, container } = target;
  return { namespace, workload: `${owner.kind.toLowerCase()}/${owner.name}`, container };
}
