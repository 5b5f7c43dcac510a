// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises';
import { makeScratch } from '../../engine/index.ts';
import type { Values } from '../../request/index.ts';
import { makeFetching } from '../preparing.ts';
import { type Deps, toScanRequest } from '../scan-request.ts';
import { renderRequest } from './document.ts';
import { readContents } from './read-contents.ts';
import { readRequest } from './read-request.ts';

/** The request of these values as a document, with all that its files hold; refuses what a scan would refuse. */
export async function printRequest(
  values: Values,
  deps: Pick<Deps, 'engine' | 'emit' | 'signal' | 'temporary'>,
): Promise<string> {
  const contents = readContents(values);
  const request = toScanRequest(values, contents);
  const scratch = await makeScratch(deps.temporary);
  try {
    const fetching = makeFetching(request, deps, { scratch, connection: undefined });
    return renderRequest(await readRequest(values, contents, fetching));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
