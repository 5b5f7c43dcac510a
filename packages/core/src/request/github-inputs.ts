// SPDX-License-Identifier: Apache-2.0
// What only the GitHub Action has, beside the inputs that all share.
import { blankAsAbsent } from './environment.ts';
import type { Input, ValueOf } from './interface.ts';
import { parseInput, type Raw } from './values.ts';

export const githubInputs = {
  request: {
    group: 'target',
    type: 'text',
    description:
      'Run this request, a document that `cinc-scan scan --print-request` wrote; inputs that are a part of the request cannot be combined with it',
    example: 'request.json',
    since: '0.1.0',
  },
  audience: {
    group: 'access',
    type: 'text',
    description:
      "Sign in to the cluster with an OIDC token of the workflow for this audience, instead of the kubeconfig's credentials (needs permission id-token: write)",
    example: 'https://kubernetes.example.org',
    since: '0.1.0',
  },
  summary: {
    group: 'report',
    type: 'flag',
    default: true,
    description: 'Show the result on the page of the job',
    example: 'false',
    since: '0.1.0',
  },
  annotations: {
    group: 'report',
    type: 'flag',
    default: true,
    description: 'Annotate the run with what keeps it from passing, at most ten findings, those of the highest impact',
    example: 'false',
    since: '0.1.0',
  },
  'upload-sarif': {
    group: 'report',
    type: 'flag',
    default: false,
    description: 'Send findings to code scanning (needs permission security-events: write)',
    example: 'true',
    since: '0.1.0',
  },
  'upload-artifact': {
    group: 'report',
    type: 'flag',
    default: false,
    description:
      'Keep the reports as an artifact of the run; everyone who can read the repository can read what they say about the containers',
    example: 'true',
    since: '0.1.0',
  },
  comment: {
    group: 'report',
    type: 'flag',
    default: false,
    description:
      'Comment the result on the pull request, one comment for each workload, updated by later runs (needs permission pull-requests: write)',
    example: 'true',
    since: '0.1.0',
  },
  'github-token': {
    group: 'access',
    type: 'secret',
    description: "Token for code scanning and comments (default: the workflow's own)",
    example: '${{ secrets.SCAN_TOKEN }}',
    since: '0.1.0',
  },
} as const satisfies Record<string, Input>;

export type GithubInputName = keyof typeof githubInputs;

export type GithubValues = { [K in GithubInputName]: ValueOf<(typeof githubInputs)[K]> };

/** The inputs of the Action that are its alone, defaults filled in. */
export function resolveGithubInputs(step: Raw): GithubValues {
  const value = <K extends GithubInputName>(name: K) => parseGithub(name, step[name]);
  return {
    request: value('request'),
    audience: value('audience'),
    summary: value('summary'),
    annotations: value('annotations'),
    'upload-sarif': value('upload-sarif'),
    'upload-artifact': value('upload-artifact'),
    comment: value('comment'),
    'github-token': value('github-token'),
  };
}

function parseGithub<K extends GithubInputName>(name: K, given: unknown): GithubValues[K] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parseInput makes a value of the input's own type
  return parseInput(githubInputs[name], blankAsAbsent(given), name) as GithubValues[K];
}
