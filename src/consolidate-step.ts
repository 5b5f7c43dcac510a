// SPDX-License-Identifier: Apache-2.0
import { error as annotateError, info, warning } from '@actions/core';
import { type ConsolidationRun, runConsolidation, toConsolidationRequest, toldLines } from '@cinc-scan/companions';
import {
  consolidationFolder,
  type Environment,
  type GateRequest,
  type GithubValues,
  listenForCancel,
  refuseScan,
  ScanError,
  type SourcesHere,
  toFileGate,
  type Values,
} from '@cinc-scan/core';
import { versionBeside } from './dependencies.ts';
import { closeGroup, openGroup } from './group.ts';
import { safeText } from './log.ts';
import { maskNow } from './mask.ts';
import { setOutputs } from './outputs.ts';
import type { Program } from './program.ts';
import { type ReadStep, runIdOf } from './step-request.ts';
import { showFindings } from './surfaces.ts';

interface Asked extends ReadStep {
  environment: Environment;
  here: SourcesHere;
}

/** The step with a file of sources; the result is the exit code of the process. */
export async function consolidateStep(asked: Asked, program: Program): Promise<number> {
  const { values, own, here, environment } = asked;
  refuseScan(here);
  refuseOwn(own);
  using cancel = listenForCancel(process, info);
  const beside = { files: [], gate: gateOf(values), outputDir: consolidationFolder(here) };
  openGroup('Reading the results of other scanners');
  const request = toConsolidationRequest(
    withReports({ ...values, 'run-id': values['run-id'] ?? runIdOf(environment) }, own),
    beside,
  );
  const run = await runConsolidation(request, { ...depsOf(program), environment, onSecrets: maskNow });
  if (values['log-level'] !== 'quiet') for (const { text } of toldLines(run)) info(safeText(text));
  closeGroup();
  setOutputs(run.outputs);
  await showFindings(run, { asked, program, signal: cancel.signal });
  tellEnd(run);
  return run.verdict.code;
}

const depsOf = ({ home }: Pick<Program, 'home'>) => ({
  tool: { name: 'cinc-scan', version: versionBeside(home) },
  workspace: process.cwd(),
  now: new Date(),
  print: async (piece: string) => void process.stdout.write(piece),
});

/** Inputs of the Action alone that show or ask for a scan. */
function refuseOwn({ request, comment }: GithubValues): void {
  const other = request === undefined ? (comment ? 'comment' : undefined) : 'request';
  if (other !== undefined)
    throw new ScanError(
      'USAGE',
      `The input ${other} cannot be combined with sources, which consolidates and does not scan`,
    );
}

function gateOf(values: Values): GateRequest | undefined {
  const flags = { thresholdFile: undefined, thresholdInline: undefined, allowEmpty: false, now: new Date() };
  const asked = toFileGate({ ...values, baseline: undefined }, flags);
  if (asked.kind !== 'refused') return asked.kind === 'gate' ? asked.gate : undefined;
  throw new ScanError(
    'THRESHOLD_INVALID',
    asked.problems.map(({ message }) => `${asked.reason}: ${message}`).join('; '),
  );
}

/** Code scanning takes a report that has to be written first. */
function withReports(values: Values, own: GithubValues): Values {
  const reports = values['findings-reports'];
  const isWritten = reports.some(spec => /^sarif(:|$)/.test(spec));
  return own['upload-sarif'] && !isWritten ? { ...values, 'findings-reports': [...reports, 'sarif'] } : values;
}

/** The one line that says why the step failed. */
function tellEnd({ verdict: { code, exit, reason, reasons } }: ConsolidationRun): void {
  const words = safeText(`cinc-scan: exit ${code} (${reason}). ${reasons.join(' ')}`);
  if (code !== 0) annotateError(words, { title: 'cinc-scan' });
  else if (exit !== 0) warning(words, { title: 'cinc-scan' });
}
