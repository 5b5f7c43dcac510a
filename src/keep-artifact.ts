// SPDX-License-Identifier: Apache-2.0
import { relative, resolve } from 'node:path';
import { info } from '@actions/core';
import type { WrittenReport } from '@cinc-scan/core';
import { NotHere } from './not-here.ts';
import type { Link } from './summary.ts';

export type ArtifactClient = Pick<typeof import('./artifact.ts'), 'uploadArtifact'>;

interface Kept {
  reports: readonly Pick<WrittenReport, 'path'>[];
  runId: string;
}

/** Keeps the reports as an artifact of the run. Its client is a program of its own, read only now. */
export async function keepArtifact({ reports, runId }: Kept, load: () => Promise<ArtifactClient>): Promise<Link[]> {
  const root = process.cwd();
  const files = reports
    .filter(({ path }) => path !== '-')
    .map(({ path }) => resolve(path))
    .filter(path => !relative(root, path).startsWith('..'));
  if (files.length === 0) throw new NotHere('There is no report in the workspace to keep.');
  const { uploadArtifact } = await load();
  // Names are unique in a run; jobs of a matrix have run ids of their own.
  const name = `cinc-scan-${runId}`;
  const kept = await uploadArtifact(name, files, root);
  if (kept.kind === 'unsupported')
    throw new NotHere(
      `${kept.message} The reports are on the runner: ${files.map(path => relative(root, path)).join(', ')}`,
    );
  info(`The reports are kept as artifact ${name}.`);
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
  return [{ text: `Artifact ${name}`, url: `${server}/${repository}/actions/runs/${run}/artifacts/${kept.id}` }];
}
