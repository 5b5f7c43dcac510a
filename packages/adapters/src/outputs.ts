// SPDX-License-Identifier: Apache-2.0
import { findingsReportKinds, reportKinds, type toFailureOutputs } from '@cinc-scan/core';

type Outputs = ReturnType<typeof toFailureOutputs>;
type Named = { [K in keyof Outputs as `report-${string}` extends K ? never : K]: string };

const named: Named = {
  verdict: '`pass`, `fail` (audited, and the gate is not met) or `error` (something prevented looking or judging)',
  reason:
    'why, from a closed list: a reason of the [gate](gate.md#exit-codes-and-reasons) or an [error code](errors.md)',
  'exit-code': 'exit code of the process',
  compliance: 'compliance over all targets in percent, two decimals cut off; `null` where nothing was counted',
  counts: 'controls by status and severity over all targets; `null` without an audited target',
  'targets-json':
    'for each target and profile: name, stable identity, profile, outcome, result, compliance and error code',
  'sources-json':
    'of a [consolidation](companions.md), for each source: id, tool, target, outcome, number of findings and error code',
  'findings-json': 'of a consolidation, its findings by status and, of what is open, by severity',
  'run-id': 'name of the run in the cluster and in reports',
};

/** What a run tells the next step of a pipeline. */
export const outputs: Record<string, string> = {
  ...named,
  'report-<kind>': 'path of each report that was written; of several files of one kind, the first',
};

const isOfScans = (kind: string) => Object.keys(reportKinds).includes(kind);

/** Every report that there may be a path of; those of findings that scans have too are named once. */
export const anyReports: Record<string, { file: string; about: string }> = {
  ...reportKinds,
  ...Object.fromEntries(
    Object.entries(findingsReportKinds)
      .filter(([kind]) => !isOfScans(kind))
      .map(([kind, { file, about }]) => [kind, { file, about: `of a consolidation: ${about}` }]),
  ),
};
