// SPDX-License-Identifier: Apache-2.0

import { notice, warning } from '@actions/core';
import type { ConsolidationRun } from '@cinc-scan/companions';
import { fitFindingsMarkdown, type Scan, toMessage } from '@cinc-scan/core';
import { annotate } from './annotate.ts';
import { writeComment } from './comment.ts';
import { closeGroup, openGroup } from './group.ts';
import { type ArtifactClient, keepArtifact } from './keep-artifact.ts';
import { safeText } from './log.ts';
import { NotHere } from './not-here.ts';
import { uploadSarif } from './sarif.ts';
import type { AskedStep } from './step-request.ts';
import { type Link, summarize, summarizeScan } from './summary.ts';

/** A place of GitHub's where the result is shown; gives a link to it where there is one. */
interface GithubSurface {
  name: string;
  isWanted: boolean;
  show: () => Promise<Link[]>;
}

export interface ShowContext<Asked = AskedStep> {
  asked: Asked;
  program: { loadArtifactClient: () => Promise<ArtifactClient> };
  signal: AbortSignal;
}

/** Shows the result of a scan wherever it was asked for. */
export async function showScan(found: Scan, { asked, program, signal }: ShowContext): Promise<void> {
  const { own } = asked;
  const links: Link[] = [];
  const kept = { reports: found.reports, runId: found.model.run.id };
  const places: GithubSurface[] = [
    { name: 'artifact', isWanted: own['upload-artifact'], show: () => keepArtifact(kept, program.loadArtifactClient) },
    { name: 'code scanning', isWanted: own['upload-sarif'], show: () => uploadSarif(found.reports, asked) },
    { name: 'comment', isWanted: own.comment, show: () => writeComment(found, asked, links) },
    { name: 'annotations', isWanted: own.annotations, show: () => annotate(found) },
    { name: 'summary', isWanted: own.summary, show: () => summarizeScan(found, links) },
  ];
  await showIn(places, { links, signal });
}

/** The same of a consolidation; annotations and comments show containers. */
export async function showFindings(
  { model, reports }: ConsolidationRun,
  { asked, program, signal }: ShowContext<Pick<AskedStep, 'own' | 'environment'>>,
): Promise<void> {
  const { own } = asked;
  const links: Link[] = [];
  const kept = { reports, runId: model.run.id };
  const page = (limit: number) => fitFindingsMarkdown(model, limit);
  const places: GithubSurface[] = [
    { name: 'artifact', isWanted: own['upload-artifact'], show: () => keepArtifact(kept, program.loadArtifactClient) },
    { name: 'code scanning', isWanted: own['upload-sarif'], show: () => uploadSarif(reports, asked) },
    { name: 'summary', isWanted: own.summary, show: () => summarize(page, reports, links) },
  ];
  await showIn(places, { links, signal });
}

/** A place that fails says so once, and changes no verdict. */
async function showIn(
  places: GithubSurface[],
  { links, signal }: { links: Link[]; signal: AbortSignal },
): Promise<void> {
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
