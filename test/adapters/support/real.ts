// SPDX-License-Identifier: Apache-2.0
// Each adapter once with the real command, against containers that run: from what its user set to the verdict.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, expect } from '@jest/globals';
import { dump, load } from 'js-yaml';
import { cacheHome, compiled } from '../../support/caches.ts';
import { profiles } from '../../support/cinc-scan.ts';
import { embeddedTest, openTestCluster, type TestCluster } from '../../support/cluster.ts';
import { folderWith } from '../../support/folder.ts';
import type { Adapter } from './contract.ts';
import { endings, type Given } from './endings.ts';
import { environmentOf, recordCommand } from './recorder.ts';
import { meant, understood } from './values.ts';

let opened: Promise<TestCluster> | undefined;
afterAll(async () => (await opened)?.close());

/** One for all adapters of a file. */
export const theCluster = (): Promise<TestCluster> => (opened ??= openTestCluster());

// Names that a shell, a template or a parser would take apart, of files that are there.
const profile = `./my profile/"quoted" 'single' $(touch pwned) \`touch pwned\` #1 ünï`;
const threshold = `./it's a "threshold" $(touch pwned) & more.yml`;

const usual = (namespace: string): Given => ({
  targets: '-l app=web,tier in (a, b)\nother',
  namespace,
  profile,
  threshold,
  controls: '/^(account|file)-/',
  deadline: '20m',
  concurrency: '2',
  'log-level': 'verbose',
});

/** The kubeconfig without its user: who signs in comes through the adapter, as a secret. */
function anonymous(kubeconfig: string): string {
  const { users, ...rest } = load(kubeconfig) as { users: { name: string }[] };
  return dump({ ...rest, users: users.map(({ name }) => ({ name, user: {} })) });
}

async function prepare(cluster: TestCluster) {
  const namespace = await cluster.namespace();
  const pod = (name: string, labels: Record<string, string>) =>
    createPod(cluster.api, { name, namespace, labels, containers: { app: 'busybox' } });
  await Promise.all([pod('web', { app: 'web', tier: 'b' }), pod('other', {})]);
  const place = folderWith(cluster, { kubeconfig: anonymous(cluster.kubeconfig) });
  const folder = join(place, 'work');
  mkdirSync(folder);
  cpSync(profiles.firstLook, join(folder, profile), { recursive: true });
  writeFileSync(join(folder, threshold), 'failed.total.max: 0\nerror.total.max: 0\n');
  return { namespace, place, folder };
}

/** Defines the test of one starter of `cinc-scan init`. */
export function testRealScan(starter: string, adapter: Adapter): void {
  const { defaults = {} } = adapter;
  embeddedTest(`${starter}: the adapter as shipped scans with the command as shipped, to its verdict`, async () => {
    const cluster = await theCluster();
    const { namespace, place, folder } = await prepare(cluster);
    const { path, calls } = recordCommand(place, {
      KUBECONFIG: join(place, 'kubeconfig'),
      TMPDIR: cluster.folder,
      XDG_CACHE_HOME: cacheHome,
      ...compiled,
    });
    const given = usual(namespace);
    const token = cluster.embedded?.adminToken ?? '';
    const ran = await adapter.run({ folder, path, given, env: { CINC_SCAN_TOKEN: token } });
    expect({ state: ran.state, text: ran.state === adapter.state(endings.pass) ? '' : ran.text }).toEqual({
      state: adapter.state(endings.pass),
      text: '',
    });
    expect(ran.outputs).toMatchObject({ verdict: 'pass' });
    expect(ran.text).not.toContain(token);

    const scan = environmentOf(calls());
    const wanted = meant({ ...defaults, ...given, 'run-id': understood(scan)['run-id'] });
    const output = understood(scan)['output-dir'];
    const found = readScan(join(isAbsolute(output) ? '' : folder, output));
    expect(found.request).toEqual(asShown({ ...wanted, 'output-dir': output }, Object.keys(found.request)));
    expect(Object.keys(found.request)).toEqual(expect.arrayContaining(Object.keys(given)));
    expect(found.targets.map(({ name, outcome }) => `${name} ${outcome}`).toSorted()).toEqual([
      `${namespace}/other/app audited`,
      `${namespace}/web/app audited`,
    ]);
    await cluster.expectNothingLeft();
  });
}

interface ScanFile {
  request: Record<string, unknown>;
  targets: { name: string; outcome: string }[];
}

const readScan = (folder: string) => JSON.parse(readFileSync(join(folder, 'scan.json'), 'utf8')) as ScanFile;

/** As JSON, and only what a request shows. */
const asShown = (values: object, names: string[]): unknown =>
  JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)))));
