// SPDX-License-Identifier: Apache-2.0
import type { BenchCluster } from './bench-cluster.ts';
import { judged, parseStages, parseStatuses, profiles, readReport, scanCommand } from './cinc-scan.ts';
import { type Peer, peerCommand } from './peer.ts';
import { peakMemory, type Timed, timedOk } from './process.ts';
import { type Measure, ours, type Row, series, sum, theirs } from './row.ts';
import { inTurn } from './series.ts';

export interface Bench {
  cluster: BenchCluster;
  peer: Peer | undefined;
  rounds: number;
  large: string;
  say: (text: string) => void;
}

/** The rows that need no more than a cluster and a command line. */
export async function benchScans(bench: Bench): Promise<Row[]> {
  const twelve = { title: '12 controls', profile: profiles.twelve, rounds: bench.rounds, goal: 0.5 };
  const two = { title: '2 checks', profile: profiles.two, rounds: bench.rounds };
  const large = { title: '300 controls', profile: bench.large, rounds: Math.ceil(bench.rounds / 2) };
  const rows: Row[] = [];
  for (const one of [twelve, two, large]) rows.push(await benchOneTarget(bench, one));
  rows.push(...(await benchTenTargets(bench)), await benchMemory(bench));
  return rows;
}

interface Compared {
  title: string;
  profile: string;
  rounds: number;
  goal?: number;
}

async function benchOneTarget(bench: Bench, { title, profile, rounds, goal }: Compared): Promise<Row> {
  const { cluster, peer, say } = bench;
  const pods = cluster.pods.slice(0, 1);
  const [pod = ''] = pods;
  if (peer) await requireSameStatuses(bench, profile);
  say(`${title}, one target`);
  const scan = () => timedOk(scanCommand(cluster, { pods, profile }), judged);
  const look = peer && (() => timedOk(peerCommand(peer, cluster, { pod, profile }), [0]));
  const [scans = [], looks] = await inTurn(rounds, look ? [scan, look] : [scan]);
  const measures = [walls(ours, scans), ...(looks ? [walls(theirs, looks)] : [])];
  const isHeld = goal !== undefined && looks !== undefined;
  return {
    title: `${title}, one target: wall time of the whole command`,
    measures,
    ...(isHeld && { goal: { kind: 'ratio', atMost: goal } }),
  };
}

const walls = (label: string, runs: Timed[]): Measure =>
  series(
    label,
    's',
    runs.map(run => run.wall),
  );

/** Two tools that do not say the same are not worth timing. */
async function requireSameStatuses({ cluster, peer, say }: Bench, profile: string): Promise<void> {
  const pods = cluster.pods.slice(0, 1);
  const [pod = ''] = pods;
  if (peer === undefined) return;
  const command = scanCommand(cluster, { pods, profile });
  await timedOk(command, judged);
  const scanned = parseStatuses(readReport(command));
  const looked = parseStatuses((await timedOk(peerCommand(peer, cluster, { pod, profile }), [0])).stdout);
  const differing = [...scanned.keys()].filter(id => scanned.get(id) !== looked.get(id));
  if (differing.length > 0 || scanned.size !== looked.size || scanned.size === 0)
    throw new Error(
      `${profile}: the two do not agree: ${differing.map(id => `${id}: ${scanned.get(id)} and ${looked.get(id)}`).join('; ')}`,
    );
  say(`${scanned.size} controls of ${profile.split('/').at(-1)}: the same statuses`);
}

/** One command for all targets, against the peer's one after another and some at a time. */
async function benchTenTargets({ cluster, peer, rounds, say }: Bench): Promise<Row[]> {
  const { pods } = cluster;
  const profile = profiles.twelve;
  say(`12 controls, ${pods.length} targets`);
  const one = () => timedOk(scanCommand(cluster, { pods: pods.slice(0, 1), profile }), judged);
  const all = () => timedOk(scanCommand(cluster, { pods, profile }), judged);
  const few = Math.max(1, Math.ceil(rounds / 3));
  const [single = [], many = []] = await inTurn(few, [one, all]);
  const measures = [perTarget(`${ours}, one command`, many, pods.length)];
  if (peer) {
    const looks = [1, 4].map(width => () => lookAtAll({ cluster, peer, width }));
    const [loop = [], parallel = []] = await inTurn(few, looks);
    measures.push(perTarget(`${theirs}, one after another`, loop, pods.length));
    measures.push(perTarget(`${theirs}, four at a time`, parallel, pods.length));
  }
  const further = (pick: (run: Timed) => number) =>
    many.map((run, index) => (pick(run) - pick(single[index] ?? run)) / (pods.length - 1));
  return [
    {
      title: `12 controls, ${pods.length} targets: wall time for each`,
      measures,
      ...(peer && { goal: { kind: 'ratio', atMost: 0.5 } }),
    },
    {
      title: `12 controls: CPU time of each further target (${pods.length} against 1)`,
      measures: [
        series(
          ours,
          's',
          further(run => run.cpu),
        ),
      ],
      goal: { kind: 'amount', atMost: 0.2 },
      note: 'user and system time of the command and all its processes; what the cluster uses is not in it',
    },
    {
      title: `12 controls: wall time of each further target (${pods.length} against 1)`,
      measures: [
        series(
          ours,
          's',
          further(run => run.wall),
        ),
      ],
    },
    ...stageRows('one target', single),
    ...stageRows(`${pods.length} targets`, many),
  ];
}

const perTarget = (label: string, runs: Timed[], count: number): Measure =>
  series(
    label,
    's',
    runs.map(run => run.wall / count),
  );

async function lookAtAll({
  cluster,
  peer,
  width,
}: {
  cluster: BenchCluster;
  peer: Peer;
  width: number;
}): Promise<Timed> {
  const waiting = [...cluster.pods];
  const started = Date.now();
  const start = process.hrtime.bigint();
  const done: Timed[] = [];
  const work = async () => {
    for (let pod = waiting.shift(); pod !== undefined; pod = waiting.shift())
      done.push(await timedOk(peerCommand(peer, cluster, { pod, profile: profiles.twelve }), [0]));
  };
  await Promise.all(Array.from({ length: width }, work));
  const wall = Number(process.hrtime.bigint() - start) / 1e9;
  return { started, wall, cpu: sum(done.map(run => run.cpu)), code: 0, stdout: '', stderr: '' };
}

/** Where the time of a scan goes. */
function stageRows(what: string, runs: Timed[]): Row[] {
  const stages = runs.map(run => parseStages(run));
  const names = [...(stages[0]?.keys() ?? [])];
  return [
    {
      title: `12 controls, ${what}: where the time of the command goes`,
      parts: true,
      measures: names.map(name =>
        series(
          name,
          's',
          stages.map(stage => stage.get(name) ?? Number.NaN),
        ),
      ),
    },
  ];
}

async function benchMemory({ cluster, peer, say }: Bench): Promise<Row> {
  say('memory');
  const { pods } = cluster;
  const profile = profiles.twelve;
  const [first = ''] = pods;
  const one = await peakMemory(scanCommand(cluster, { pods: pods.slice(0, 1), profile }));
  const all = await peakMemory(scanCommand(cluster, { pods, profile }));
  const peak = (label: string, bytes: number) => series(label, 'MB', [bytes / 1e6]);
  return {
    title: '12 controls: the most memory held, all processes together',
    parts: true,
    measures: [
      peak(`${ours}, each further target`, (all - one) / (pods.length - 1)),
      peak(`${ours}, one target`, one),
      peak(`${ours}, ${pods.length} targets`, all),
      ...(peer
        ? [peak(`${theirs}, one target`, await peakMemory(peerCommand(peer, cluster, { pod: first, profile })))]
        : []),
    ],
    note: 'shared pages counted once; sampled every 20 ms in runs of their own',
  };
}
