// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, parseAnswer } from './answer.ts';
import type { Cluster } from './cluster.ts';

export interface ServerVersion {
  /** Such as `v1.36.2`. */
  text: string;
  minor: number;
}

const version = z.object({ gitVersion: z.string(), minor: z.string() });

/** The version of the API server, which everybody may read. */
export async function serverVersion(cluster: Cluster): Promise<ServerVersion> {
  const what = 'version of the API server';
  const { gitVersion, minor } = parseAnswer(
    await cluster.call({ method: 'GET', path: apiPath('version') }, what),
    version,
    what,
  );
  return { text: gitVersion, minor: Number.parseInt(minor, 10) }; // managed clusters write `27+`
}

const patienceMs = 5000;

/** For a report: undefined where the server does not say, which the outcomes tell. Asked after a cancelled run too. */
export async function knownVersion(cluster: Cluster): Promise<string | undefined> {
  try {
    return (await serverVersion(cluster.withoutCancel().until(AbortSignal.timeout(patienceMs)))).text;
  } catch {
    return undefined;
  }
}
