// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { info } from '@actions/core';
import { noneCategory, type WrittenReport } from '@cinc-scan/core';
import { pullRequestOf } from './event.ts';
import { githubApi, refuse, repositoryPath } from './github-api.ts';
import { NotHere } from './not-here.ts';
import type { AskedStep } from './step-request.ts';
import type { Link } from './summary.ts';

type Asked = Pick<AskedStep, 'own' | 'environment'>;

// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
const mostBytes = 10_000_000;

/** Sends the SARIF reports to code scanning. A run in which nothing was seen sends none: it would close alerts. */
export async function uploadSarif(
  reports: readonly Pick<WrittenReport, 'format' | 'path'>[],
  asked: Asked,
): Promise<Link[]> {
  if (pullRequestOf(asked.environment)?.isFork === true)
    throw new NotHere('A run from a fork may not write to code scanning; the summary has the findings.');
  const texts = await Promise.all(
    reports.filter(({ format, path }) => format === 'sarif' && path !== '-').map(({ path }) => readFile(path, 'utf8')),
  );
  const seen = texts.filter(text => !text.includes(JSON.stringify(noneCategory)));
  if (seen.length === 0) {
    info('There is nothing to report to code scanning.');
    return [];
  }
  for (const text of seen) await send(text, asked);
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = asked.environment;
  return [
    { text: 'Code scanning alerts', url: `${server}/${repository}/security/code-scanning?query=tool%3Acinc-scan` },
  ];
}

async function send(text: string, asked: Asked): Promise<void> {
  const sarif = (await promisify(gzip)(text)).toString('base64');
  if (sarif.length > mostBytes) throw new Error('The SARIF report is larger than the 10 MB that code scanning takes');
  const { environment } = asked;
  const answer = await githubApi(asked)('POST', `${repositoryPath(asked)}/code-scanning/sarifs`, {
    commit_sha: environment['GITHUB_SHA'],
    ref: environment['GITHUB_REF'],
    sarif,
    checkout_uri: pathToFileURL(resolve('.')).href,
    tool_name: 'cinc-scan',
  });
  if (answer.status !== 202) refuse(answer, 'The upload to code scanning', 'security-events: write');
  info('Code scanning has the findings.');
}
