// SPDX-License-Identifier: Apache-2.0
// What scanners left, from the samples, with the exit codes that they ended with. Samples are of another day and of other
// images, and some are cut: date, name and totals are made to fit, and nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/cinc-scan.ts';
import type { Replay, Replays } from './stand-ins.ts';

const sample = (name: string): string => readFileSync(join(root, 'packages/companions/fixtures', name), 'utf8');
const ofGate = (name: string): string => readFileSync(join(root, 'packages/core/fixtures/gate', name), 'utf8');

type Json = Record<string, unknown>;
const json = (text: string) => JSON.parse(text) as Json;

const trivy = (name: string, image: string): Replay => {
  const document = json(sample(name));
  const { CreatedAt: _, ...rest } = document;
  return { text: JSON.stringify({ ...rest, ArtifactName: `registry.example.org/shop/${image}:1` }), exit: 0 };
};

/** Clair's sample without its one high finding. */
const clair = sample('clair/v4.json').replaceAll('"High"', '"Low"');

interface Section {
  tests: { results: { status: string }[] }[];
}

/** kube-bench's sample was cut, and its totals were not. */
function bench(name: string): string {
  const { Controls: sections, ...rest } = json(sample(name)) as { Controls: Section[] };
  const count = (some: { status: string }[], status: string) => some.filter(each => each.status === status).length;
  const states = ['pass', 'fail', 'warn', 'info'];
  const totals = (some: { status: string }[]) =>
    Object.fromEntries(states.map(state => [`total_${state}`, count(some, state.toUpperCase())]));
  const all = sections.flatMap(({ tests }) => tests.flatMap(({ results }) => results));
  const Controls = sections.map(section => ({
    ...section,
    ...totals(section.tests.flatMap(({ results }) => results)),
    tests: section.tests.map(test => ({
      ...test,
      ...Object.fromEntries(states.map(state => [state, count(test.results, state.toUpperCase())])),
    })),
  }));
  return JSON.stringify({ ...rest, Controls, Totals: totals(all) });
}

const kubesecFound = sample('kubesec/two-objects.json');

/** The same objects without what is critical about them: then their score is above 0. */
const kubesecClean = JSON.stringify(
  (JSON.parse(kubesecFound) as Json[]).map(each => ({
    ...each,
    score: 1,
    scoring: { ...(each['scoring'] as Json), critical: [] },
  })),
);

/** Brakeman's sample without its warnings. */
const brakemanClean = JSON.stringify({
  ...json(sample('generic/brakeman.sarif')),
  runs: (json(sample('generic/brakeman.sarif'))['runs'] as Json[]).map(run => ({ ...run, results: [] })),
});

export const clean: Record<'build' | 'release' | 'deploy', Replays> = {
  build: {
    'golangci-lint': { text: sample('golangci-lint/v1-null.json'), exit: 0 },
    'fossa-test': { text: sample('fossa/none.json'), exit: 0 },
    brakeman: { text: brakemanClean, exit: 0 },
  },
  release: {
    'trivy-web': trivy('trivy/image-clean.json', 'web'),
    'trivy-api': trivy('trivy/image-v2.json', 'api'),
    'clairctl-web': { text: clair, exit: 0 },
    'clairctl-api': { text: clair, exit: 0 },
  },
  deploy: {
    'kubectl-logs': { text: `I1130 12:00:00 [main] kube-bench\n${bench('kube-bench/totals.json')}\n`, exit: 0 },
    kubescape: { text: sample('kubescape/v3-file.json'), exit: 0 },
    kubesec: { text: kubesecClean, exit: 0 },
    clamscan: { text: sample('clamav/clamscan-clean.txt'), exit: 0 },
    'cinc-scan': { text: ofGate('clean.json'), exit: 0 },
  },
};

export const found: typeof clean = {
  build: {
    ...clean.build,
    'golangci-lint': { text: sample('golangci-lint/v2.json'), exit: 1 },
    'fossa-test': { text: sample('fossa/issues.json'), exit: 1 },
    brakeman: { text: sample('generic/brakeman.sarif'), exit: 0 },
  },
  release: { ...clean.release, 'trivy-web': trivy('trivy/image-unfixed.json', 'web') },
  deploy: {
    ...clean.deploy,
    kubesec: { text: kubesecFound, exit: 2 },
    clamscan: { text: sample('clamav/clamscan-found.txt'), exit: 1 },
    'cinc-scan': { text: ofGate('two-thirds.json'), exit: 0 },
  },
};

/** What keeps a scanner from looking: the source that did not, and what it left. */
interface Lost {
  stage: keyof typeof clean;
  what: string;
  source: string;
  replays: Replays;
}

export const lost: Lost[] = [
  {
    stage: 'build',
    what: 'code that does not compile',
    source: 'lint',
    replays: { 'golangci-lint': { text: sample('golangci-lint/typecheck.json'), exit: 1 } },
  },
  {
    stage: 'release',
    what: 'a report that could not be had',
    source: 'clair-api',
    replays: { 'clairctl-api': { text: 'null\n', exit: 0 } },
  },
  {
    stage: 'deploy',
    what: 'a check whose command failed to run',
    source: 'nodes',
    replays: { 'kubectl-logs': { text: bench('kube-bench/not-looked.json'), exit: 0 } },
  },
];

/** More of it, that an exit code or nothing at all tells. */
export const alsoLost: Lost[] = [
  { stage: 'build', what: 'an analysis that failed', source: 'licences', replays: { 'fossa-analyze': { exit: 1 } } },
  {
    stage: 'build',
    what: 'a file that Brakeman could not parse, beside warnings',
    source: 'brakeman',
    replays: { brakeman: { text: sample('generic/brakeman.sarif'), exit: 7 } },
  },
  {
    stage: 'release',
    what: 'an image that could not be pulled',
    source: 'trivy-api',
    replays: { 'trivy-api': { stderr: 'FATAL unable to find the image\n', exit: 1 } },
  },
  {
    stage: 'deploy',
    what: 'a Job that did not complete in time',
    source: 'nodes',
    replays: { 'kubectl-wait': { stderr: 'error: timed out\n', exit: 1 } },
  },
  {
    stage: 'deploy',
    what: 'a file that ClamAV may not read, beside a hit',
    source: 'uploads',
    replays: { clamscan: { text: sample('clamav/clamscan-found-and-denied.txt'), exit: 1 } },
  },
];
