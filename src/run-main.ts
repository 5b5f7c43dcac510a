// SPDX-License-Identifier: Apache-2.0

import { info } from '@actions/core';
import {
  asksForConsolidation,
  listenForCancel,
  type Outputs,
  type Preview,
  previewScan,
  type Scan,
  scan,
  scanAtServer,
  targetName,
  toEventRecord,
  toOutputs,
} from '@cinc-scan/core';
import { consolidateStep } from './consolidate-step.ts';
import { makeDeps, makeSurroundings } from './dependencies.ts';
import { tellFailure, tellVerdict } from './failure.ts';
import { closeGroup, openGroup } from './group.ts';
import { makeLog, safeText } from './log.ts';
import { masking, maskSecrets } from './mask.ts';
import { setFailureOutputs, setOutputs } from './outputs.ts';
import { checkPlatform } from './platform.ts';
import type { Program } from './program.ts';
import { forgetObjects, rememberObjects, rememberScan } from './state.ts';
import {
  type AskedStep,
  placeOfOutputs,
  readStep,
  type ServerStep,
  type StepRequest,
  sourcesHere,
  toServerStep,
  toStepRequest,
} from './step-request.ts';
import { type ShowContext, showScan } from './surfaces.ts';

/** The main step; the result is the exit code of the process. */
export async function runMain(program: Program): Promise<number> {
  const environment = process.env;
  const here = sourcesHere(environment); // before the secrets among them are taken out of the environment
  let asked: Pick<AskedStep, 'values' | 'own'> | undefined;
  const place = placeOfOutputs(environment);
  try {
    checkPlatform(process.platform);
    const read = readStep(environment);
    if (asksForConsolidation(here)) {
      asked = read;
      return await consolidateStep({ ...read, environment, here }, program);
    }
    if (read.values.server !== undefined) {
      asked = read;
      return await serverStep(toServerStep(read, environment), program);
    }
    const request = toStepRequest(read, environment);
    asked = request;
    return await scanStep(request, program);
  } catch (error) {
    closeGroup();
    const runId = asked?.values['run-id'] ?? place.runId;
    const outputs = await setFailureOutputs(error, { ...place, runId });
    await tellFailure(error, asked);
    return outputs['exit-code'];
  }
}

async function scanStep(asked: StepRequest, program: Program): Promise<number> {
  const { values, request } = asked;
  // The runner sends SIGINT, 7.5 s later SIGTERM, and kills 2.5 s after that; the first is enough to revoke and end.
  using cancel = listenForCancel(process, info);
  const log = makeLog(values);
  const remember = rememberObjects();
  await using deps = await makeDeps(asked, {
    home: program.home,
    signal: cancel.signal,
    emit: event => {
      if (event.kind === 'intent') remember(event.object); // before the cluster hears of it
      if (event.kind === 'stage') maskSecrets(asked.secrets); // some are read from files on the way
      log(toEventRecord(event));
    },
  });
  if (request.dryRun) return preview(await previewScan(request, deps));
  const found = await scan(request, deps);
  closeGroup();
  if (found.model.grant?.revoked !== false) forgetObjects();
  return await conclude(found, { asked, program, signal: cancel.signal });
}

/** The scan that a service does: what has to be taken back is what was asked for. */
async function serverStep(asked: ServerStep, program: Program): Promise<number> {
  using cancel = listenForCancel(process, info, 'telling the scan service');
  const log = makeLog(asked.values);
  const { secrets } = asked;
  const found = await scanAtServer(asked.request, {
    ...makeSurroundings(asked, program.home),
    signal: cancel.signal,
    remember: rememberScan,
    tell: masking(secrets, log),
  });
  closeGroup();
  return await conclude(found, { asked, program, signal: cancel.signal });
}

async function conclude(found: Scan, context: ShowContext): Promise<number> {
  const outputs: Outputs = toOutputs(found.model, found.reports);
  setOutputs(outputs);
  await showScan(found, context);
  tellVerdict(found.model);
  return found.verdict.exitCode;
}

/** What would be made, as YAML, in the log. */
function preview({ targets, profiles, problems, identity }: Preview): number {
  openGroup('What a scan would do');
  for (const target of targets) {
    const names = (profiles.get(target) ?? []).map(({ name }) => name).join(', ');
    info(safeText(`would audit ${targetName(target)} (${target.image}) with ${names}`));
  }
  for (const line of (identity ?? 'would create nothing').split('\n')) info(safeText(line));
  closeGroup();
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  setOutputs({ 'exit-code': 0 });
  return 0;
}
