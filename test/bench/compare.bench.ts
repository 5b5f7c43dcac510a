// SPDX-License-Identifier: Apache-2.0
import type { BenchCluster } from './bench-cluster.ts';
import { judged, parseStages, profiles, scanCommand } from './cinc-scan.ts';
import { peakMemory, type Timed, timedOk } from './process.ts';
import { median, type Row, ratio, series } from './row.ts';
import { inTurn } from './series.ts';

export interface Comparison {
  cluster: BenchCluster;
  /** Of the state to compare with, its command built. */
  checkout: string;
  rounds: number;
  large: string;
  say: (text: string) => void;
}

const now = 'this checkout';
const before = 'the other';

/** The same scans by the commands of two checkouts, in turn, on one cluster. */
export async function benchCompare(comparison: Comparison): Promise<Row[]> {
  const { cluster, rounds, large } = comparison;
  const [first = ''] = cluster.pods;
  const rows: Row[] = [];
  const asked = [
    { title: '12 controls, one target', pods: [first], profile: profiles.twelve, times: rounds },
    { title: '2 checks, one target', pods: [first], profile: profiles.two, times: rounds },
    { title: '300 controls, one target', pods: [first], profile: large, times: Math.ceil(rounds / 2) },
    {
      title: `12 controls, ${cluster.pods.length} targets`,
      pods: cluster.pods,
      profile: profiles.twelve,
      times: rounds,
    },
  ];
  for (const { title, times, ...what } of asked) {
    comparison.say(title);
    const scan = (checkout?: string) => () =>
      timedOk(scanCommand(cluster, { ...what, ...(checkout && { checkout }) }), judged);
    const [ours = [], theirs = []] = await inTurn(times, [scan(), scan(comparison.checkout)]);
    rows.push(both(`${title}: wall time`, [ours, theirs], run => run.wall));
    rows.push(both(`${title}: CPU time`, [ours, theirs], run => run.cpu));
    rows.push(...stages(title, [ours, theirs]));
  }
  rows.push(await memory(comparison));
  return rows;
}

type Runs = [ours: Timed[], theirs: Timed[]];

function both(title: string, [ours, theirs]: Runs, pick: (run: Timed) => number): Row {
  return { title, measures: [series(now, 's', ours.map(pick)), series(before, 's', theirs.map(pick))] };
}

function stages(title: string, runs: Runs): Row[] {
  const names = [...parseStages(runs[0][0] ?? raise(title)).keys()];
  const of = (name: string) => (run: Timed) => parseStages(run).get(name) ?? Number.NaN;
  return names.map(name => both(`${title}: ${name}`, runs, of(name)));
}

function raise(title: string): never {
  throw new Error(`${title}: nothing was run`);
}

async function memory({ cluster, checkout, say }: Comparison): Promise<Row> {
  say('memory');
  const what = { pods: cluster.pods, profile: profiles.twelve };
  const ours = await peakMemory(scanCommand(cluster, what));
  const theirs = await peakMemory(scanCommand(cluster, { ...what, checkout }));
  return {
    title: `12 controls, ${cluster.pods.length} targets: the most memory held`,
    measures: [series(now, 'MB', [ours / 1e6]), series(before, 'MB', [theirs / 1e6])],
  };
}

/** Rows whose median is larger by more than the two series scatter. */
export function worse(rows: Row[]): Row[] {
  return rows.filter(row => {
    const [ours, theirs] = row.measures.map(({ samples }) => samples);
    return ours !== undefined && theirs !== undefined && ratio(row) > 1.05 && median(ours) > Math.max(...theirs);
  });
}
