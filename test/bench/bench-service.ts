// SPDX-License-Identifier: Apache-2.0
// The service as it is shipped, beside the cluster of the benchmarks, with one team that may scan there.
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, ServiceClient, startShippedService } from '@cinc-scan/testkit';
import type { BenchCluster } from './bench-cluster.ts';
import { profiles, shippedCommand } from './cinc-scan.ts';
import type { Command } from './process.ts';

export interface BenchService extends AsyncDisposable {
  url: string;
  pid: number;
  team: ServiceClient;
  key: string;
}

const slots = 4;

export async function openBenchService(cluster: BenchCluster): Promise<BenchService> {
  const data = mkdtempSync(join(cluster.folder, 's-'));
  mkdirSync(join(data, 'credentials'), { mode: 0o700 });
  writeFileSync(join(data, 'credentials/bench'), cluster.kubeconfig, { mode: 0o600 });
  const { url, key: first, child } = await startShippedService(data, { port: '0', args: ['--slots', String(slots)] });
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    const exited = once(child, 'exit');
    if (child.kill('SIGTERM')) await exited;
  });
  const operator = new ServiceClient(url, first);
  await operator.call('POST', '/clusters', { name: 'bench', credential: 'bench', mostRuns: slots });
  const { key } = await operator.call<{ key: string }>('POST', '/teams', { name: 'bench', title: 'Bench', days: 1 });
  await operator.call('PUT', '/clusters/bench/teams/bench', { namespaces: [cluster.namespace] });
  const team = new ServiceClient(url, key);
  const files = await filesOf(profiles.twelve);
  await team.call('POST', '/profiles', { name: 'twelve', version: '1.0.0', files });
  await team.call('POST', '/profiles/twelve/1.0.0/approve');
  const kept = undo.move();
  return { url, pid: child.pid ?? 0, team, key, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The same scan by the command, done by the service. */
export function serverCommand(cluster: BenchCluster, { url, key }: BenchService, pod: string): Command {
  const command = shippedCommand(cluster, [
    'scan',
    `pod/${pod}`,
    '-n',
    cluster.namespace,
    '-p',
    'twelve',
    '--server',
    url,
    '--log-format',
    'json',
  ]);
  const { KUBECONFIG: _, ...env } = command.env;
  return { ...command, env: { ...env, CINC_SCAN_SERVER_TOKEN: key } };
}

/** Of a process and all below it, bytes; shared pages are counted once for each process that has them. */
export function treeBytes(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (stat !== '') parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    if (pid === root) return true;
    const parent = parents.get(pid);
    return parent !== undefined && parent > 1 && isBelow(parent);
  };
  return [...parents.keys()].filter(isBelow).reduce((sum, pid) => sum + residentBytes(pid), 0);
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
