// SPDX-License-Identifier: Apache-2.0

import { endGroup, info, startGroup } from '@actions/core';
import {
  listenForCancel,
  type Outputs,
  type Preview,
  previewScan,
  type Scan,
  scan,
  targetName,
  toOutputs,
} from '@cinc-scan/core';
import { type Asked, ask } from './ask.ts';
import { makeDeps } from './dependencies.ts';
import { tellFailure, tellVerdict } from './failure.ts';
import type { ArtifactClient } from './keep-artifact.ts';
import { makeLog, safeText } from './log.ts';
import { maskSecrets } from './mask.ts';
import { setFailureOutputs, setOutputs } from './outputs.ts';
import { checkPlatform } from './platform.ts';
import { forgetObjects, rememberObjects } from './state.ts';
import { type ShowContext, show } from './surfaces.ts';

/** The files around this one. */
export interface Program {
  /** Folder of the entry points, the engine beside them. */
  home: string;
  /** As large as all the rest, and mostly not needed. */
  loadArtifactClient: () => Promise<ArtifactClient>;
}

/** The main step; the result is the exit code of the process. */
export async function runMain(program: Program): Promise<number> {
  let asked: Asked | undefined;
  try {
    checkPlatform(process.platform);
    asked = ask(process.env);
    return await look(asked, program);
  } catch (error) {
    endGroup();
    const outputs = await setFailureOutputs(error, asked?.values);
    await tellFailure(error, asked);
    return outputs['exit-code'];
  }
}

async function look(asked: Asked, program: Program): Promise<number> {
  const { values, request } = asked;
  // The runner sends SIGINT, 7.5 s later SIGTERM, and kills 2.5 s after that; the first is enough to revoke and end.
  using cancel = listenForCancel(process, info);
  const log = makeLog(values);
  const remember = rememberObjects();
  const deps = await makeDeps(asked, {
    home: program.home,
    signal: cancel.signal,
    emit: event => {
      if (event.kind === 'intent') remember(event.object); // before the cluster hears of it
      if (event.kind === 'stage') maskSecrets(asked.secrets); // some are read from files on the way
      log(event);
    },
  });
  if (request.dryRun) return preview(await previewScan(request, deps));
  const found = await scan(request, deps);
  endGroup();
  if (found.model.grant?.revoked !== false) forgetObjects();
  return await conclude(found, { asked, program, signal: cancel.signal });
}

async function conclude(found: Scan, context: ShowContext): Promise<number> {
  const outputs: Outputs = toOutputs(found.model, found.reports);
  setOutputs(outputs);
  await show(found, context);
  tellVerdict(found.model);
  return found.verdict.exitCode;
}

/** What would be made, as YAML, in the log. */
function preview({ targets, problems, identity }: Preview): number {
  endGroup();
  startGroup('What a scan would do');
  for (const target of targets) info(safeText(`would audit ${targetName(target)} (${target.image})`));
  for (const line of (identity ?? 'would make nothing').split('\n')) info(safeText(line));
  endGroup();
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  setOutputs({ 'exit-code': 0 });
  return 0;
}
