// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createPod, podBody, testImage, untilRunning } from '@cinc-scan/testkit';
import { load } from 'js-yaml';
import type { BenchCluster } from './bench-cluster.ts';
import { judged, parseManifest, profiles, scanCommand, shippedCommand } from './cinc-scan.ts';
import { countRequests } from './counts.bench.ts';
import { type Command, timed, timedOk } from './process.ts';
import type { Row, Unit } from './row.ts';
import type { Bench } from './scan.bench.ts';

// Whoever may reach our tools is waited for while he is young, as one who is starting a container is (lens-helper, reach.c).
// Pods that a scan meets have mostly run for longer.
const settledMs = 2500;

const lenses = ['exec', 'debug', 'sidecar'] as const;

interface Cost {
  lens: string;
  wall: number;
  commands: number;
  requests: number;
}

/** What each way into the same container costs. A lens that cannot be used on this cluster is named and left out. */
export async function benchLenses({ cluster, rounds, say }: Bench): Promise<Row[]> {
  say('the lenses');
  const found: Cost[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round += 1)
    for (const lens of lenses) {
      const cost = await look(cluster, lens, `${lens}-${round}`);
      if ('missing' in cost) say(`without the ${lens} lens: ${cost.missing}`);
      else found.push(cost);
    }
  const row = (title: string, unit: Unit, pick: (cost: Cost) => number): Row => ({
    title,
    measures: lenses
      .map(lens => ({ label: `--lens ${lens}`, unit, samples: found.filter(each => each.lens === lens).map(pick) }))
      .filter(measure => measure.samples.length > 0),
  });
  return [
    row('12 controls by lens: wall time of the whole command', 's', cost => cost.wall),
    row('12 controls by lens: commands run in the container', '', cost => cost.commands),
    ...(cluster.embedded ? [row('12 controls by lens: API requests', '', cost => cost.requests)] : []),
  ];
}

/** In a pod of its own: a debug container stays in its pod, and the next one would find it there. */
async function look(cluster: BenchCluster, lens: string, pod: string): Promise<Cost | { missing: string }> {
  await (lens === 'sidecar' ? createInjected(cluster, pod) : createPod(cluster.api, podOf(cluster, pod)));
  await setTimeout(settledMs);
  const options = ['--lens', lens, '--lens-image', testImage('tools')];
  const command = scanCommand(cluster, { pods: [pod], profile: profiles.twelve, options });
  let wall = 0;
  let code = 0;
  const requests = await countRequests(cluster, async () => {
    ({ wall, code } = await timed(command));
  });
  if (!judged.includes(code)) return { missing: whyNot(command, code) };
  const observation = parseManifest(command)[0]?.observation;
  if (observation?.lens !== lens) return { missing: `the scan took ${observation?.lens} instead` };
  return { lens, wall, commands: observation.commands, requests };
}

const podOf = ({ namespace }: BenchCluster, name: string) => ({ name, namespace, containers: { app: 'debian' } });

/** As `cinc-scan sidecar inject` writes it. */
async function createInjected(cluster: BenchCluster, pod: string): Promise<void> {
  const manifest = join(cluster.folder, `${pod}.yaml`);
  // YAML takes JSON for its own.
  await writeFile(manifest, JSON.stringify(podBody(podOf(cluster, pod))));
  const command = shippedCommand(cluster, ['sidecar', 'inject', '-f', manifest, '--image', testImage('tools')]);
  const { stdout } = await timedOk(command, [0]);
  await cluster.api.call('POST', `/api/v1/namespaces/${cluster.namespace}/pods`, load(stdout));
  await untilRunning(cluster.api, cluster.namespace, pod);
}

function whyNot(command: Command, code: number): string {
  const [target] = code === 2 ? [] : parseManifest(command);
  return target?.error?.message ?? `the scan ended with ${code}`;
}
