// SPDX-License-Identifier: Apache-2.0
import type { BenchCluster } from './bench-cluster.ts';
import { judged, parseManifest, profiles, scanCommand } from './cinc-scan.ts';
import { type Peer, peerCommand } from './peer.ts';
import { timedOk } from './process.ts';
import { ours, type Row, series, sum, theirs, type Unit } from './row.ts';
import type { Bench } from './scan.bench.ts';

interface Counts {
  commands: number;
  bytes: number;
  requests: number;
}

const profile = profiles.twelve;

/** What a scan asks the container and the API server for. The same in every run, so one is enough. */
export async function benchCounts({ cluster, peer, say }: Bench): Promise<Row[]> {
  say('what a scan asks for');
  const [pod = ''] = cluster.pods;
  const found = [await countScan(cluster, [pod]), ...(peer ? [await countPeer(cluster, peer, pod)] : [])];
  const row = (title: string, unit: Unit, pick: (counts: Counts) => number): Row => ({
    title: `12 controls, one target: ${title}`,
    measures: found.map((counts, index) => series(index === 0 ? ours : theirs, unit, [pick(counts)])),
  });
  return [
    row('commands run in the container', '', counts => counts.commands),
    row('bytes of their answers', 'B', counts => counts.bytes),
    ...(cluster.embedded ? [row('API requests', '', counts => counts.requests)] : []),
    ...(cluster.embedded ? [await benchRequests(cluster, [pod]), await benchRequests(cluster, cluster.pods)] : []),
  ];
}

async function countScan(cluster: BenchCluster, pods: string[]): Promise<Counts> {
  const command = scanCommand(cluster, { pods, profile });
  const requests = await countRequests(cluster, () => timedOk(command, judged));
  const observed = parseManifest(command).map(({ observation }) => observation);
  return {
    commands: sum(observed.map(each => each?.commands)),
    bytes: sum(observed.map(each => each?.bytes)),
    requests,
  };
}

async function countPeer(cluster: BenchCluster, peer: Peer, pod: string): Promise<Counts> {
  const command = peerCommand(peer, cluster, { pod, profile });
  let said = '';
  const requests = await countRequests(cluster, async () => {
    said = (await timedOk({ ...command, env: { ...command.env, BENCH_COUNT: '1' } }, [0])).stderr;
  });
  return { ...parseCounted(said), requests };
}

function parseCounted(stderr: string): Pick<Counts, 'commands' | 'bytes'> {
  const text = /^counted (.*)$/m.exec(stderr)?.[1];
  if (text === undefined) throw new Error(`the peer did not say what it counted:\n${stderr}`);
  return JSON.parse(text) as Pick<Counts, 'commands' | 'bytes'>;
}

/** How many requests the API server was asked meanwhile; exec streams count as one each. */
export async function countRequests({ embedded }: BenchCluster, action: () => Promise<unknown>): Promise<number> {
  embedded?.requests.clear();
  await action();
  return embedded?.requests.all().length ?? Number.NaN;
}

const kinds = [
  { label: 'access reviews', path: /(?:access|rules)reviews$/ },
  { label: 'objects of the grant, and their tokens', path: /\/(?:serviceaccounts|roles|rolebindings)(?:\/|$)/ },
  { label: 'exec streams', path: /\/exec$/ },
  { label: 'pods', path: /\/pods(?:\/[^/]+)?$/ },
  { label: 'others', path: /^/ },
];

/** What the API server is asked for. */
async function benchRequests(cluster: BenchCluster, pods: string[]): Promise<Row> {
  await countRequests(cluster, () => timedOk(scanCommand(cluster, { pods, profile }), judged));
  const paths = cluster.embedded?.requests.all().map(({ path }) => path) ?? [];
  const kindOf = (path: string) => kinds.find(kind => kind.path.test(path))?.label;
  return {
    title: `12 controls, targets: ${pods.length}: API requests by kind`,
    parts: true,
    measures: kinds.map(({ label }) => series(label, '', [paths.filter(path => kindOf(path) === label).length])),
  };
}
