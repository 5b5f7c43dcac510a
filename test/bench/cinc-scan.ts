// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchCluster } from './bench-cluster.ts';
import type { Command, Timed } from './process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const profiles = {
  two: join(root, 'test/bench/profiles/two'),
  twelve: join(root, 'test/bench/profiles/twelve'),
};

/** Makes what is shipped: TypeScript that is stripped at every start would be measured otherwise. */
export async function build(checkout = root): Promise<void> {
  await promisify(execFile)(process.execPath, [join(checkout, 'scripts/build-command.ts')], { cwd: checkout });
}

interface Asked {
  pods: string[];
  profile: string;
  options?: string[];
  checkout?: string;
}

/** A scan of these pods by the command line as it is shipped. */
export function scanCommand(cluster: BenchCluster, { pods, profile, options = [], checkout = root }: Asked): Command {
  const common = ['-n', cluster.namespace, '-p', profile, '--log-format', 'json', ...options];
  return shippedCommand(cluster, ['scan', ...pods, ...common], checkout);
}

/** The command as a checkout ships it, with a folder of its own for what it writes. */
export function shippedCommand(cluster: BenchCluster, args: string[], checkout = root): Command {
  return {
    argv: [process.execPath, join(checkout, 'packages/cli/bin/cinc-scan.js'), ...args],
    cwd: mkdtempSync(join(cluster.folder, 'w-')),
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cluster.folder,
      TMPDIR: cluster.folder,
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'),
      KUBECONFIG: cluster.kubeconfigPath,
    },
  };
}

/** A scan that was judged: every target was looked into. */
export const judged = [0, 3];

interface Manifest {
  targets: {
    observation: { commands: number; bytes: number; lens: string } | null;
    error: { message: string } | null;
  }[];
}

/** What the run manifest says of each target. */
export function parseManifest({ cwd }: Command): Manifest['targets'] {
  return (JSON.parse(readFileSync(join(cwd, 'cinc-scan-results/scan.json'), 'utf8')) as Manifest).targets;
}

interface Hdf {
  profiles: { controls: { id: string; results: { status: string }[] }[] }[];
}

/** Control ids with the statuses of their checks. */
export function parseStatuses(text: string): Map<string, string> {
  const controls = (JSON.parse(text) as Hdf).profiles.flatMap(profile => profile.controls);
  return new Map(controls.map(({ id, results }) => [id, results.map(({ status }) => status).join(' ')]));
}

/** The engine's report of a run with one target. */
export function readReport({ cwd }: Command): string {
  const folder = join(cwd, 'cinc-scan-results');
  const name = readdirSync(folder).find(each => each.endsWith('.json') && each.includes('_'));
  if (name === undefined) throw new Error(`no report in ${folder}`);
  return readFileSync(join(folder, name), 'utf8');
}

interface LogLine {
  time: string;
  event: string;
  stage?: string;
}

/** Seconds of each stage of a run, from the times in its log. */
export function parseStages({ stderr, started, wall }: Timed): Map<string, number> {
  const lines = stderr.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
  const stages = lines.flatMap(({ event, time, stage }) =>
    event === 'stage' && stage !== undefined ? [{ stage, at: Date.parse(time) }] : [],
  );
  const marks = [{ stage: 'start of Node.js', at: started }, ...stages, { stage: 'end', at: started + wall * 1000 }];
  return new Map(marks.slice(0, -1).map(({ stage, at }, index) => [stage, ((marks[index + 1]?.at ?? at) - at) / 1000]));
}
