// SPDX-License-Identifier: Apache-2.0
// Names become contents: what a runner gets is a request document, whole.
import {
  embeddedProfile,
  type JailStrength,
  type RequestDocument,
  renderRequest,
  requestVersion,
  ScanError,
} from '@cinc-scan/core';
import type { Blobs } from '../blobs/blobs.ts';
import type { Ask, Pins } from '../domain/ask.ts';
import type { RunNames } from '../findings/of-run.ts';
import { type AnyTransaction, appTeam } from '../store/store.ts';

export interface AssembledRequest {
  /** The text of the request document. */
  request: string;
  namespaces: string[];
  /** Whoever asked wants profile code to run in no less. */
  requireJail: JailStrength;
  /** What results are about, by registered names. */
  names: RunNames;
}

/** Throws SERVICE_DATA where a content is gone or is not what it was when it was registered. */
export async function assembleRequest(
  transaction: AnyTransaction,
  scan: string,
  blobs: Blobs,
): Promise<AssembledRequest> {
  const row = transaction.selectFrom('scan').select(['ask', 'pins']).where('id', '=', scan);
  return assembleParts(transaction, await row.executeTakeFirstOrThrow(), blobs);
}

export async function assembleParts(
  transaction: AnyTransaction,
  { ask, pins }: { ask: Ask; pins: Pins },
  blobs: Blobs,
): Promise<AssembledRequest> {
  const threshold = pins.threshold === null ? undefined : await readThreshold(transaction, pins.threshold);
  const profile = [];
  // Under the name by which it can be asked for again: it stands in the reports.
  for (const { slug, version, digest } of pins.profiles)
    profile.push({ ...(await readProfile(blobs, digest)), name: `${slug}@${version}` });
  const { cluster: _cluster, profile: _named, threshold: _name, 'require-jail': requireJail = 'none', ...plain } = ask;
  const document = {
    apiVersion: requestVersion,
    kind: 'ScanRequest',
    ...plain,
    profile,
    ...(threshold !== undefined && { threshold }),
  } satisfies RequestDocument;
  const names = { cluster: pins.cluster, profiles: pins.profiles.map(({ slug }) => slug) };
  return { request: renderRequest(document), namespaces: ask.namespace, requireJail, names };
}

async function readProfile(blobs: Blobs, digest: string) {
  const text = (await blobs.get(digest)).toString('utf8');
  return embeddedProfile.parse(JSON.parse(text));
}

async function readThreshold(transaction: AnyTransaction, { slug, version, digest }: NonNullable<Pins['threshold']>) {
  const { content } = await transaction
    .selectFrom('threshold')
    .select('content')
    .where('slug', '=', slug)
    .where('version', '=', version)
    .where('digest', '=', digest)
    .where('team_id', '=', appTeam)
    .executeTakeFirstOrThrow(
      () =>
        new ScanError('SERVICE_DATA', `Threshold ${slug}@${version} is not what it was when the scan was asked for`),
    );
  return { name: `${slug}.yml`, content };
}
