// SPDX-License-Identifier: Apache-2.0
// What a scan by the service costs, how many it does at once, and whether it stays as it is.
import type { ServiceClient } from '@cinc-scan/testkit';
import { serveApi } from '../../packages/service/src/testing/api-server.ts';
import { fillScans, sampleScans } from '../../packages/service/src/testing/many-scans.ts';
import { openTestStore } from '../../packages/service/src/testing/stores.ts';
import { makeWorld } from '../../packages/service/src/testing/world.ts';
import { type BenchService, openBenchService, serverCommand, treeBytes } from './bench-service.ts';
import { judged, profiles, scanCommand } from './cinc-scan.ts';
import { peerCommand } from './peer.ts';
import { goOn, timedOk } from './process.ts';
import { type Row, series, theirs } from './row.ts';
import type { Bench } from './scan.bench.ts';
import { inTurn, seconds } from './series.ts';

export interface ServiceExtent {
  /** Scans by several clients at once. */
  scans: number;
  clients: number;
  /** Scans in the history of a team that lists them. */
  listed: number;
  /** Scans over which memory is watched. */
  watched: number;
}

export async function benchService(bench: Bench, extent: ServiceExtent): Promise<Row[]> {
  const rows = await benchLists(bench, extent);
  await using service = await openBenchService(bench.cluster);
  return [...(await benchOne(bench, service)), ...(await benchMany(bench, service, extent)), ...rows];
}

/** One scan: of a service that has done one before, by the command with it and without it, and by the peer. */
async function benchOne({ cluster, peer, rounds, say }: Bench, service: BenchService): Promise<Row[]> {
  const [pod = ''] = cluster.pods;
  const { namespace } = cluster;
  say('12 controls, by a warm service');
  const ask = () => service.team.scan({ namespace: [namespace], targets: [`pod/${pod}`], profile: ['twelve'] });
  await requireJudged(ask);
  const tasks = [
    () => seconds(() => requireJudged(ask)),
    async () => (await timedOk(scanCommand(cluster, { pods: [pod], profile: profiles.twelve }), judged)).wall,
    async () => (await timedOk(serverCommand(cluster, service, pod), judged)).wall,
    ...(peer
      ? [async () => (await timedOk(peerCommand(peer, cluster, { pod, profile: profiles.twelve }), [0])).wall]
      : []),
  ];
  const [warm = [], local = [], remote = [], looks] = await inTurn(rounds, tasks);
  const measure = series('the service, from request to verdict', 's', warm);
  return [
    {
      title: '12 controls, one target: a warm service against the peer',
      measures: looks ? [measure, series(theirs, 's', looks)] : [measure],
      ...(looks && { goal: { kind: 'ratio', atMost: 0.25 } }),
    },
    {
      title: '12 controls, one target: a warm service against commands',
      measures: [measure, series('cinc-scan scan', 's', local), series('cinc-scan scan --server', 's', remote)],
    },
  ];
}

async function requireJudged(ask: () => ReturnType<ServiceClient['scan']>): Promise<string> {
  goOn();
  const { id, state, attempt, error } = await ask();
  goOn();
  if (state !== 'done' || attempt !== 1)
    throw new Error(
      `scan ${id} is ${state} after ${attempt} attempts: ${error?.code ?? 'no error'} ${error?.message ?? ''}`,
    );
  return id;
}

/** Many clients at once, each with a question of its own; and the memory of all processes over them. */
async function benchMany(
  { cluster, say }: Bench,
  service: BenchService,
  { scans, clients, watched }: ServiceExtent,
): Promise<Row[]> {
  say(`${scans} scans by ${clients} clients`);
  const memory: number[] = [];
  let asked = 0;
  const run = async (count: number): Promise<string[]> => {
    const last = asked + count;
    const ids: string[] = [];
    const client = async () => {
      while (asked < last) {
        asked += 1;
        // The same question would be joined while it waits.
        const question = { timeout: `${120 + asked}s`, targets: [`pod/${cluster.pods[asked % cluster.pods.length]}`] };
        ids.push(
          await requireJudged(() =>
            service.team.scan({ namespace: [cluster.namespace], profile: ['twelve'], ...question }),
          ),
        );
        memory.push(treeBytes(service.pid) / 1e6);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return ids;
  };
  let ids: string[] = [];
  const wall = await seconds(async () => {
    ids = await run(scans);
  });
  if (new Set(ids).size !== scans) throw new Error(`${scans} questions gave ${new Set(ids).size} scans`);
  if (watched > scans) {
    say(`memory over ${watched} scans`);
    await run(watched - scans);
  }
  return [
    {
      title: `${scans} scans of 12 controls by ${clients} clients: wall time for each; none lost, none doubled`,
      measures: [series('the service', 's', [wall / scans])],
      goal: { kind: 'amount', atMost: 0.333 },
    },
    memoryRow(memory),
  ];
}

/** Fewer scans than this say nothing of what a thousand would do. */
const fewestWatched = 200;

function memoryRow(memory: readonly number[]): Row {
  const quarter = Math.ceil(memory.length / 4);
  const growth = slope(memory.slice(quarter)) * 1000;
  return {
    title: `Memory of the service and its processes over ${memory.length} scans`,
    parts: true,
    measures: [
      ...(memory.length < fewestWatched ? [] : [series('growth for 1,000 scans, once it is warm', 'MB', [growth])]),
      series('in the first quarter', 'MB', memory.slice(0, quarter)),
      series('in the last quarter', 'MB', memory.slice(-quarter)),
    ],
    note: 'resident; shared pages are counted for each process',
  };
}

/** Of the line that fits best, for each step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [above, below] = values.reduce<[number, number]>(
    ([top, bottom], value, at) => [top + (at - middle) * (value - mean), bottom + (at - middle) ** 2],
    [0, 0],
  );
  return above / below;
}

/** A page of a long list against one of a short list, over HTTP. */
async function benchLists({ rounds, say }: Bench, { listed }: ServiceExtent): Promise<Row[]> {
  say(`a list of ${listed} scans`);
  await using parts = await openTestStore(undefined);
  const world = await makeWorld(parts);
  await using served = await serveApi(parts);
  const page = async (after: string) => {
    const response = await fetch(`${served.url}/api/v1/scans?limit=50${after === '' ? '' : `&after=${after}`}`, {
      headers: { authorization: `Bearer ${world.keys.shop}` },
    });
    const { items } = (await response.json()) as { items: { id: string }[] };
    if (items.length !== 50) throw new Error(`a page has ${items.length} scans`);
  };
  const timesOf = async () => {
    const ids = await sampleScans(parts);
    for (let each = 0; each < 5; each += 1) await page('');
    const times: number[] = [];
    for (const id of ids) times.push(await seconds(() => page(id)));
    return percentile(times, 0.95);
  };
  await fillScans(parts, world, 200);
  const short: number[] = [];
  for (let round = 0; round < rounds; round += 1) short.push(await timesOf());
  await fillScans(parts, world, listed - 200);
  const long: number[] = [];
  for (let round = 0; round < rounds; round += 1) long.push(await timesOf());
  return [
    {
      title: `A page of 50 of ${listed} scans, anywhere in the list: the slowest of twenty`,
      measures: [series(`${listed} scans`, 's', long), series('200 scans', 's', short)],
      goal: { kind: 'amount', atMost: 0.05 },
    },
  ];
}

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length * part)] ?? Number.NaN;
