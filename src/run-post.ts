// SPDX-License-Identifier: Apache-2.0

import { error as annotateError, getState, info } from '@actions/core';
import {
  type GrantObject,
  isScanError,
  letGoAtServer,
  type PendingScan,
  revokeNamed,
  type ScanEvent,
  toMessage,
} from '@cinc-scan/core';
import { makeSignIn, makeSurroundings } from './dependencies.ts';
import { makeLog, safeText } from './log.ts';
import { masking } from './mask.ts';
import type { Program } from './program.ts';
import { parseObjects, parsePendingScan } from './state.ts';
import { readStep, toServerStep } from './step-request.ts';

/** Takes back what the main step noted and did not live to take back; the result is the exit code. */
export async function runPost(program: Pick<Program, 'home'>): Promise<number> {
  const scan = getState('scan');
  if (scan !== '') return await postScan(scan, program);
  return await postObjects();
}

/** The scan of a service, under the key that it was asked for: it ends unless others wait for it. */
async function postScan(state: string, { home }: Pick<Program, 'home'>): Promise<number> {
  let pending: PendingScan | undefined;
  try {
    pending = parsePendingScan(state);
    info(`cinc-scan: the main step left a scan at ${pending.server}: taking it back now`);
    const environment = process.env;
    const asked = toServerStep(readStep(environment), environment);
    const log = masking(asked.secrets, makeLog(asked.values));
    await letGoAtServer(asked.request, pending, { ...makeSurroundings(asked, home), signal: undefined, tell: log });
    return 0;
  } catch (error) {
    const which = pending?.scan ?? 'see the log of the main step';
    annotateError(`${safeText(toMessage(error))}\nCancel it at the service: ${which}`, {
      title: `cinc-scan: ${isScanError(error) ? error.code : 'DEFECT'}: the scan may go on at the service`,
    });
    return isScanError(error) ? error.exit : 1;
  }
}

async function postObjects(): Promise<number> {
  let objects: GrantObject[] = [];
  try {
    objects = parseObjects(getState('objects'));
    info(`cinc-scan: the main step did not take back its temporary identity (${objects.length} objects): doing it now`);
    const environment = process.env;
    const signIn = await makeSignIn({ ...readStep(environment), environment });
    await revokeNamed(objects, { ...signIn, environment, signal: undefined, emit: tell });
    info('cinc-scan: the temporary identity is gone');
    return 0;
  } catch (error) {
    const names = objects.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(', ');
    annotateError(
      `${safeText(toMessage(error))}\nDelete what is left, or run \`cinc-scan sweep\`: ${names || 'see the log of the main step'}`,
      { title: `cinc-scan: ${isScanError(error) ? error.code : 'DEFECT'}: the temporary identity may still be there` },
    );
    return isScanError(error) ? error.exit : 1;
  }
}

function tell(event: ScanEvent): void {
  if (event.kind === 'object')
    info(safeText(`${event.verb} ${event.object.kind} ${event.object.namespace}/${event.object.name}`));
}
