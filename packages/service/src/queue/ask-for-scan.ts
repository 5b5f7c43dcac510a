// SPDX-License-Identifier: Apache-2.0
// From a request to a scan in the queue, in one transaction: for whoever asks now, and for schedules.
import { readDocument, toScanRequest } from '@cinc-scan/core';
import type { Blobs } from '../blobs/blobs.ts';
import { type Ask, chooseCluster } from '../domain/ask.ts';
import type { Sealer } from '../domain/seal.ts';
import { type Address, addCallback } from '../store/deliveries.ts';
import { clustersOf } from '../store/registry.ts';
import { pinNames, type Submission, type Submitted, submitScan } from '../store/scans.ts';
import { asService, type TeamTransaction } from '../store/store.ts';
import type { TeamCaller } from '../store/teams.ts';
import { assembleParts, assembleRequest } from './assemble-request.ts';
import type { ScanQueue } from './scan-queue.ts';

export interface Asked {
  submission: Submission;
  /** Whom to tell of its end. */
  address: Address | undefined;
  caller: TeamCaller;
}

export interface AskingParts {
  blobs: Blobs;
  queue: ScanQueue;
  sealer: Sealer;
}

/** Afterwards the transaction may be the service's. */
export async function askForScan(
  transaction: TeamTransaction,
  { submission, address, caller }: Asked,
  { blobs, queue, sealer }: AskingParts,
): Promise<Submitted> {
  const made = await submitScan(transaction, submission, caller);
  if (address !== undefined && made.kind !== 'same') await addCallback(transaction, made.id, { address, sealer });
  if (made.kind !== 'new') return made;
  // What no scan would take is refused now, not by the scan.
  requireSoundRequest((await assembleRequest(transaction, made.id, blobs)).request);
  await asService(transaction);
  await queue.add(transaction, { id: made.id, cluster: made.cluster });
  return made;
}

/** Throws what asking for it would be refused for now, by names and contents, and asks for nothing. */
export async function requireAskable(transaction: TeamTransaction, ask: Ask, blobs: Blobs): Promise<void> {
  const cluster = chooseCluster(ask, await clustersOf(transaction));
  const pins = await pinNames(transaction, ask, cluster.slug);
  requireSoundRequest((await assembleParts(transaction, { ask, pins }, blobs)).request);
}

function requireSoundRequest(text: string): void {
  const { values, contents } = readDocument({ name: 'The request', text }, { flags: {}, environment: {} });
  toScanRequest(values, contents);
}
