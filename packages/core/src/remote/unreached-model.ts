// SPDX-License-Identifier: Apache-2.0
import type { ScanError } from '../errors/index.ts';
import { gateDefaults, judge } from '../gate/index.ts';
import type { Outcome } from '../outcome/index.ts';
import type { ReportModel } from '../report/index.ts';
import type { ServerRequest } from './server-request.ts';

interface Run {
  tool: ReportModel['tool'];
  run: { id: string; started: Date };
}

/** A run of which nothing came back: all that was asked for is unreached, for the one reason. */
export function unreachedModel(
  { ask, server, shown }: ServerRequest,
  error: ScanError,
  { tool, run }: Run,
): ReportModel {
  const finished = new Date();
  const cluster = ask.cluster ?? new URL(server.address).host;
  const outcomes = ask.namespace.flatMap(namespace =>
    ask.targets.map((selector): Outcome => {
      const target = { cluster, namespace, selector };
      return { kind: 'unreached', target, error, profile: undefined, observation: undefined };
    }),
  );
  const verdict = judge(outcomes, {
    threshold: undefined,
    failOn: undefined,
    baseline: undefined,
    options: gateDefaults(finished),
    reportOnly: false,
  });
  const source = ask.threshold === undefined ? verdict.gate.source : `threshold ${ask.threshold} of the scan service`;
  return {
    tool,
    run: {
      id: run.id,
      started: run.started.toISOString(),
      finished: finished.toISOString(),
      seconds: (finished.getTime() - run.started.getTime()) / 1000,
    },
    cluster: { alias: cluster, server: server.address, version: undefined },
    engine: undefined,
    jail: undefined,
    grant: undefined,
    profiles: [],
    passedOver: [],
    verdict: { ...verdict, gate: { ...verdict.gate, source } },
    warnings: [],
    request: shown,
  };
}
