// SPDX-License-Identifier: Apache-2.0
import type { ReportModel, WrittenReport } from '../report/index.ts';
import type { Secrets } from '../request/index.ts';
import { writeReports } from '../results/index.ts';
import type { Deps, ScanRequest } from './scan-request.ts';

type Destination = Pick<Deps, 'workspace' | 'stdout' | 'console' | 'environment'> & {
  secrets: Secrets;
  /** Told what became of each place that the results are sent to. */
  onPush: (text: string) => void;
};

/** Writes the reports that were asked for and those that every run has, and sends the results where they are to go. */
export function writeRun(
  model: ReportModel,
  { reports, outputDir, pushes }: Pick<ScanRequest, 'reports' | 'outputDir' | 'pushes'>,
  { workspace, stdout, console, environment, secrets, onPush }: Destination,
): Promise<WrittenReport[]> {
  const always = (['scan', 'outputs'] as const).filter(kind => !reports.some(spec => spec.kind === kind));
  const specs = [...reports, ...always.map(kind => ({ kind, path: undefined }))];
  return writeReports(model, specs, {
    outputDir,
    workspace,
    stdout,
    console,
    environment,
    pushes,
    secrets,
    onPush: ({ name, ok, message }) => onPush(ok ? `Sent to ${name}` : `Could not be sent to ${name}: ${message}`),
  });
}
