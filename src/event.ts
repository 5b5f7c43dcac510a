// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { type Environment, parseJsonText } from '@cinc-scan/core';
import * as z from 'zod';

const repository = z.object({ full_name: z.string() }).nullish();
const webhook = z.object({
  pull_request: z
    .object({
      number: z.number().int(),
      head: z.object({ sha: z.string().nullish(), repo: repository }),
      base: z.object({ repo: repository }),
    })
    .nullish(),
});

export interface PullRequest {
  number: number;
  /** Whose token may only read. */
  isFork: boolean;
}

/** The pull request that started this run, if one did. */
export function pullRequestOf(environment: Environment): PullRequest | undefined {
  const path = environment['GITHUB_EVENT_PATH'] ?? '';
  if (path === '') return undefined;
  const { pull_request: pull } = webhook.parse(parseJsonText(readFileSync(path, 'utf8')));
  if (pull === undefined || pull === null) return undefined;
  const isFork = pull.head.repo?.full_name !== pull.base.repo?.full_name;
  return { number: pull.number, isFork };
}
