// SPDX-License-Identifier: Apache-2.0
// `./dev bench [kubernetes|findings|service|compare CHECKOUT] [--quick] [--only PART]… [--json FILE]`: what a scan costs, as ratios.
// Not a test: it fails on no goal.
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openBenchCluster } from './bench-cluster.ts';
import { build } from './cinc-scan.ts';
import { benchCompare, worse } from './compare.bench.ts';
import { benchCounts } from './counts.bench.ts';
import { benchEngine } from './engine.bench.ts';
import { benchFindings } from './findings.bench.ts';
import { benchGate } from './gate.bench.ts';
import { writeLargeProfile } from './large-profile.ts';
import { benchLenses } from './lens.bench.ts';
import { findPeer } from './peer.ts';
import { endAll, Interrupted } from './process.ts';
import { benchRevocation } from './revocation.bench.ts';
import { type Row, renderRow, toJsonRow } from './row.ts';
import { type Bench, benchScans } from './scan.bench.ts';
import { benchService, type ServiceExtent } from './service.bench.ts';

const parts = {
  scans: benchScans,
  counts: benchCounts,
  lenses: benchLenses,
  engine: benchEngine,
  revocation: benchRevocation,
  gate: benchGate,
};
type Part = keyof typeof parts;

const places = new Set(['', 'kubernetes', 'findings', 'service', 'compare']);
const isPart = (text: string): text is Part => Object.hasOwn(parts, text);

const usage = `usage: ./dev bench [kubernetes|findings|service|compare CHECKOUT] [--quick] [--only PART]… [--json FILE]
parts: ${Object.keys(parts).join(', ')}
`;
const say = (text: string) => process.stderr.write(`▸ ${text}\n`);

interface Options {
  quick: boolean;
  only: string[];
  json: string | undefined;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: Object.keys(parts) },
      json: { type: 'string' },
    },
    allowPositionals: true,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, endAll);
  return await start(positionals, { json: undefined, ...values });
}

async function start([where = '', ...more]: string[], options: Options): Promise<number> {
  const [checkout] = more;
  const isComplete = more.length === (where === 'compare' ? 1 : 0);
  if (!places.has(where) || !isComplete || !options.only.every(isPart)) return refuse(usage);
  if (where === 'findings') return toEnd(() => runFindings(options.quick ? 1 : 3, options.json));
  if (where === 'service') return toEnd(() => runService(options));
  if (checkout !== undefined) return toEnd(() => runComparison(resolve(checkout), options));
  return runOn(where, options);
}

function runOn(where: string, { quick, only, json }: Options): Promise<number> | number {
  const external = where === '' ? undefined : process.env['CINC_SCAN_TEST_KUBECONFIG'];
  if (where !== '' && !external)
    return refuse('./dev bench kubernetes runs on the cluster of CINC_SCAN_TEST_KUBECONFIG, which is not set.\n');
  const extent = quick ? { rounds: 2, pods: 4 } : { rounds: 5, pods: 10 };
  return toEnd(() => run({ external, ...extent, chosen: only.filter(isPart), json }));
}

async function toEnd(measure: () => Promise<void>): Promise<number> {
  try {
    await measure();
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    throw error;
  }
}

/** Without a cluster and without a peer. */
async function runFindings(rounds: number, json: string | undefined): Promise<void> {
  say('compiling what is shipped');
  await build();
  const started = new Date();
  const [load = Number.NaN] = loadavg();
  const rows = await benchFindings({ rounds, say });
  await print(rows, { where: 'this machine', started, load, rounds, json });
}

/** The command of this checkout beside that of another, such as the version before. */
async function runComparison(checkout: string, { quick, json }: Options): Promise<void> {
  const { rounds, pods } = quick ? { rounds: 3, pods: 4 } : { rounds: 9, pods: 10 };
  say('compiling what is shipped, of both');
  await build();
  await build(checkout);
  say(`starting ${pods} pods`);
  await using cluster = await openBenchCluster(undefined, pods);
  const large = await writeLargeProfile(join(cluster.folder, 'large'));
  const begun = new Date();
  const [load = Number.NaN] = loadavg();
  const rows = await benchCompare({ cluster, checkout, rounds, large, say });
  await print(rows, { where: `${cluster.name}, beside ${checkout}`, started: begun, load, rounds, json });
  const lost = worse(rows);
  process.stdout.write(
    `\n${lost.length === 0 ? 'No row got worse.' : `Worse: ${lost.map(({ title }) => title).join('; ')}`}\n`,
  );
}

const fewScans: ServiceExtent = { scans: 12, clients: 4, listed: 5000, watched: 12 };
const manyScans: ServiceExtent = { scans: 200, clients: 20, listed: 100_000, watched: 1000 };

async function runService({ quick, json }: Options): Promise<void> {
  const { rounds, pods, extent } = quick
    ? { rounds: 2, pods: 4, extent: fewScans }
    : { rounds: 5, pods: 10, extent: manyScans };
  say('compiling what is shipped');
  await build();
  const peer = await findPeer(say);
  if ('missing' in peer) say(`without the peer: ${peer.missing}`);
  await using cluster = await openBenchCluster(undefined, pods);
  const bench: Bench = { cluster, rounds, large: '', say, peer: 'missing' in peer ? undefined : peer };
  const started = new Date();
  const [load = Number.NaN] = loadavg();
  const rows = await benchService(bench, extent);
  await print(rows, { where: cluster.name, started, load, rounds, json });
}

function refuse(why: string): number {
  process.stderr.write(why);
  return 2;
}

interface Asked {
  external: string | undefined;
  rounds: number;
  pods: number;
  chosen: Part[];
  json: string | undefined;
}

async function run({ external, rounds, pods, chosen, json }: Asked): Promise<void> {
  say('compiling what is shipped');
  await build();
  const peer = await findPeer(say);
  if ('missing' in peer) say(`without the peer: ${peer.missing}`);
  say(`starting ${pods} pods`);
  await using cluster = await openBenchCluster(external, pods);
  const large = await writeLargeProfile(join(cluster.folder, 'large'));
  const bench: Bench = { cluster, rounds, large, say, peer: 'missing' in peer ? undefined : peer };
  const started = new Date();
  const [load = Number.NaN] = loadavg();
  const rows: Row[] = [];
  for (const part of chosen) rows.push(...(await parts[part](bench)));
  await print(rows, { where: cluster.name, started, load, rounds, json });
}

async function print(
  rows: Row[],
  { json, ...circumstances }: { where: string; started: Date; load: number; rounds: number; json: string | undefined },
): Promise<void> {
  const { where, load } = circumstances;
  const machine = `${cpus().length} cores, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
  process.stdout.write(`\nOn ${where}; ${machine}, load average ${load.toFixed(1)} before.\n`);
  process.stdout.write('Medians (smallest–largest), measured in turn.\n\n');
  process.stdout.write(`${rows.map(renderRow).join('\n\n')}\n`);
  if (json === undefined) return;
  const document = { ...circumstances, machine, rows: rows.map(toJsonRow) };
  await writeFile(json, `${JSON.stringify(document, null, 2)}\n`);
  say(`wrote ${json}`);
}

process.exitCode = await main();
