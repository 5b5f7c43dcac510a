// SPDX-License-Identifier: Apache-2.0

import { notice, warning } from '@actions/core';
import { type Scan, toMessage } from '@cinc-scan/core';
import { annotate } from './annotate.ts';
import { writeComment } from './comment.ts';
import { closeGroup, openGroup } from './group.ts';
import { type ArtifactClient, keepArtifact } from './keep-artifact.ts';
import { safeText } from './log.ts';
import { NotHere } from './not-here.ts';
import { uploadSarif } from './sarif.ts';
import type { StepRequest } from './step-request.ts';
import { type Link, summarize } from './summary.ts';

/** A place of GitHub's where the result is shown; gives a link to it where there is one. */
interface GithubSurface {
  name: string;
  isWanted: boolean;
  show: () => Promise<Link[]>;
}

export interface ShowContext {
  asked: StepRequest;
  program: { loadArtifactClient: () => Promise<ArtifactClient> };
  signal: AbortSignal;
}

/** Shows the result wherever it was asked for. A place that fails says so once, and changes no verdict. */
export async function show(found: Scan, { asked, program, signal }: ShowContext): Promise<void> {
  const { own } = asked;
  const links: Link[] = [];
  const places: GithubSurface[] = [
    { name: 'artifact', isWanted: own['upload-artifact'], show: () => keepArtifact(found, program.loadArtifactClient) },
    { name: 'code scanning', isWanted: own['upload-sarif'], show: () => uploadSarif(found.reports, asked) },
    { name: 'comment', isWanted: own.comment, show: () => writeComment(found, asked, links) },
    { name: 'annotations', isWanted: own.annotations, show: () => annotate(found) },
    { name: 'summary', isWanted: own.summary, show: () => summarize(found, asked, links) },
  ];
  const wanted = places.filter(place => place.isWanted);
  if (wanted.length === 0) return;
  openGroup('Showing the result');
  // A cancelled step has seconds left: what takes the network is left out.
  for (const place of wanted.filter(({ name }) => !signal.aborted || quick.has(name)))
    links.push(...(await attempt(place)));
  closeGroup();
}

const quick = new Set(['annotations', 'summary']);

async function attempt({ name, show: showIt }: GithubSurface): Promise<Link[]> {
  try {
    return await showIt();
  } catch (error) {
    if (error instanceof NotHere) notice(safeText(error.message), { title: `cinc-scan: no ${name}` });
    else warning(safeText(`${toMessage(error)}; the verdict stands`), { title: `cinc-scan: ${name} failed` });
    return [];
  }
}
