// SPDX-License-Identifier: Apache-2.0

import { error as annotateError, getState, info } from '@actions/core';
import { type GrantObject, isScanError, revokeNamed, type ScanEvent, toMessage } from '@cinc-scan/core';
import { makeSignIn } from './dependencies.ts';
import { safeText } from './log.ts';
import { parseObjects } from './state.ts';
import { readStep } from './step-request.ts';

/** Takes back by name what the main step noted and did not live to take back; the result is the exit code. */
export async function runPost(): Promise<number> {
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
