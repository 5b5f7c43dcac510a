// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { toMessage } from '../../errors/index.ts';
import { oneLine } from '../../report/index.ts';
import { readPage } from './read-page.ts';
import { readConsolidation } from './run-list.ts';

export type ConsolidatedPage = { kind: 'page'; text: string } | { kind: 'refused'; problem: string };

const name = 'report.html';

/** The page of a consolidated run, if it is the one that the run's manifest lists. */
export async function readConsolidatedPage(folder: string): Promise<ConsolidatedPage> {
  const manifest = readConsolidation(folder);
  if (manifest === undefined) return refuse('the manifest of this run is none that this version reads');
  const listed = manifest.files.find(({ path, isPrivate }) => path === name && !isPrivate);
  if (listed === undefined) return refuse(`the manifest of this run lists no ${name}`);
  try {
    const bytes = await readPage(join(folder, name));
    const isSame = createHash('sha256').update(bytes).digest('hex') === listed.sha256;
    return isSame
      ? { kind: 'page', text: bytes.toString('utf8') }
      : refuse(`${name} is not the one that the run has left`);
  } catch (error) {
    return refuse(`${name} cannot be read: ${oneLine(toMessage(error))}`);
  }
}

const refuse = (problem: string): ConsolidatedPage => ({ kind: 'refused', problem: `RUN_INVALID: ${problem}` });
