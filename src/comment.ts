// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { info } from '@actions/core';
import { fitMarkdown, type Scan } from '@cinc-scan/core';
import * as z from 'zod';
import { type PullRequest, pullRequestOf } from './event.ts';
import { type Api, githubApi, refuse, repositoryPath } from './github-api.ts';
import { NotHere } from './not-here.ts';
import type { AskedStep } from './step-request.ts';
import type { Link } from './summary.ts';

// GitHub takes 65,536 characters.
const mostBytes = 60_000;
const permission = 'pull-requests: write';

/** One comment for what this step looks at; a later run of the same step writes it anew. */
export async function writeComment(found: Scan, asked: AskedStep, links: Link[]): Promise<Link[]> {
  const pull = pullRequestOf(asked.environment);
  if (pull === undefined) throw new NotHere('This run does not belong to a pull request.');
  if (pull.isFork) throw new NotHere('A run from a fork may not comment; the summary has the result.');
  const marker = markerOf(asked);
  const body = bodyOf(found, { marker, links });
  return [{ text: 'Comment', url: await write(githubApi(asked), asked, { pull, marker, body }) }];
}

/** Says which comment is whose: the step is known by what it asks for, since pods and run ids change. */
function markerOf({ values }: AskedStep): string {
  const { context, namespace, targets, container, profile } = values;
  const key = JSON.stringify([context, namespace, targets, container, profile]);
  return `<!-- cinc-scan:${createHash('sha256').update(key).digest('hex').slice(0, 16)} -->`;
}

function bodyOf({ model }: Scan, { marker, links }: { marker: string; links: Link[] }): string {
  const shown = links.map(({ text, url }) => `[${text}](${encodeURI(url)})`).join(' · ');
  const page = fitMarkdown(model, mostBytes - marker.length - shown.length).text;
  return `${marker}\n${page}\n${shown}\n`;
}

interface Wanted {
  pull: PullRequest;
  marker: string;
  body: string;
}

const written = z.object({ html_url: z.string() });

async function write(api: Api, asked: AskedStep, { pull, marker, body }: Wanted): Promise<string> {
  const issues = `${repositoryPath(asked)}/issues`;
  const old = await findOld(api, `${issues}/${pull.number}/comments`, marker);
  const answer =
    old === undefined
      ? await api('POST', `${issues}/${pull.number}/comments`, { body })
      : await api('PATCH', `${issues}/comments/${old}`, { body });
  if (answer.status !== 200 && answer.status !== 201) refuse(answer, 'The comment', permission);
  const url = written.safeParse(answer.body).data?.html_url ?? '';
  info(old === undefined ? 'A comment was written.' : 'The comment was updated.');
  return url;
}

const comments = z.array(
  z.object({
    id: z.number(),
    body: z.string().nullish(),
    user: z.object({ type: z.string() }).nullish(),
    author_association: z.string().nullish(),
  }),
);
const trusted = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);
const pageSize = 100;
const mostPages = 30;

/** Anyone can copy the marker into a comment of their own: only one of a bot or of the project's people is ours. */
async function findOld(api: Api, path: string, marker: string): Promise<number | undefined> {
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await api('GET', `${path}?per_page=${pageSize}&page=${page}`);
    if (answer.status !== 200) refuse(answer, 'Reading the comments', permission);
    const found = comments.parse(answer.body);
    const ours = found.find(
      ({ body, user, author_association: association }) =>
        body?.startsWith(marker) === true && (user?.type === 'Bot' || trusted.has(association ?? '')),
    );
    if (ours !== undefined) return ours.id;
    if (found.length < pageSize) return undefined;
  }
  return undefined;
}
