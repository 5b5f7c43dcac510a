// SPDX-License-Identifier: Apache-2.0
// What a profile started in a container ends with the scan, whatever ended the scan.
import { readdirSync, readFileSync } from 'node:fs';
import { createPod, podBody, testImage, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { cincScan, type Running, readScanJson, startCincScan } from '../support/cinc-scan.ts';
import { debugTest, engineProcesses, nodeTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { makeInjected } from '../support/inject.ts';
import { profileFiles, writeFiles } from '../support/profiles.ts';

const cluster = await openTestCluster();
const places = { shop: '', injected: '' };

beforeAll(async () => {
  places.shop = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace: places.shop, containers: { app: 'busybox' } });
  places.injected = await cluster.namespace();
  await makeInjected(cluster, podBody({ name: 'web', namespace: places.injected, containers: { app: 'busybox' } }));
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** Seconds that nothing else on this machine sleeps. */
let next = process.pid * 1000;

/** A profile that runs a command with programs that sleep so long. */
function sleeping(command: (seconds: number) => string): { profile: string; count: () => number } {
  const seconds = (next += 1);
  const controls = `control 'sleeps' do\n  describe command(${JSON.stringify(command(seconds))}) do\n    its('exit_status') { should eq 0 }\n  end\nend\n`;
  const profile = writeFiles(folderWith(cluster, {}), profileFiles({ name: 'sleeps', controls }));
  return { profile, count: () => sleepers(seconds) };
}

const sleepers = (seconds: number) =>
  readdirSync('/proc').filter(name => /^\d+$/.test(name) && wordsOf(name).includes(`\0${seconds}\0`)).length;

function wordsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

const lenses = {
  exec: (): string[] => ['-n', places.shop, '--lens', 'exec'],
  debug: (): string[] => ['-n', places.shop, '--lens', 'debug', '--lens-image', testImage('tools')],
  sidecar: (): string[] => ['-n', places.injected],
};

describe.each(Object.keys(lenses) as (keyof typeof lenses)[])('a command over the %s lens', lens => {
  const lensTest = lens === 'debug' && cluster.minor < 25 ? debugTest(cluster) : nodeTest;
  const scan = (profile: string) => ['scan', 'web', ...lenses[lens](), '-c', 'app', '-p', profile];
  const busy = (seconds: number) => `sleep ${seconds} & setsid sleep ${seconds} & sleep ${seconds}`;

  const ends: [string, string, number, string[], (running: Running) => void][] = [
    ['the run is interrupted', 'CANCELLED', 130, [], ({ child }) => child.kill('SIGINT')],
    ['the time of its target is over', 'TARGET_TIMEOUT', 4, ['--timeout', '20s'], () => undefined],
    ['the time of the run is over', 'DEADLINE', 4, ['--deadline', '20s'], () => undefined],
    [
      'the engine dies',
      'ENGINE_CRASHED',
      5,
      [],
      () => engineProcesses(cluster.folder).forEach(pid => process.kill(pid, 'SIGKILL')),
    ],
  ];

  // The times are the same for every lens; each opens in its own.
  for (const [when, error, code, more, end] of ends.filter(([, , , given]) => given.length === 0 || lens === 'exec'))
    lensTest(`ends when ${when}, with what it started`, async () => {
      const { profile, count } = sleeping(busy);
      const running = startCincScan(cluster, [...scan(profile), ...more]);
      await until('the sleepers', () => Promise.resolve(count() === 3));
      end(running);
      const ran = await running.ended;
      expect({ code: ran.code, targets: readScanJson(ran).targets }).toMatchObject({
        code,
        targets: [{ outcome: 'unreached', error: { code: error } }],
      });
      await until('their end', () => Promise.resolve(count() === 0));
    });

  lensTest('that is over ends with the scan what it left in the background', async () => {
    const { profile, count } = sleeping(seconds => `sleep ${seconds} & setsid sleep ${seconds} &`);
    const running = startCincScan(cluster, scan(profile));
    const ran = await running.ended;
    expect(ran.code).toBe(0);
    await until('their end', () => Promise.resolve(count() === 0));
  });
});

nodeTest('a scan ends no process of the container, also of those whose output is thrown away', async () => {
  const seconds = (next += 1);
  const namespace = await cluster.namespace();
  const daemon = `sleep ${seconds} </dev/null >/dev/null 2>&1 & exec sleep ${seconds} 2>/dev/null`;
  const command = ['/bin/sh', '-c', daemon];
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' }, container: { command } });
  await until('the daemon', () => Promise.resolve(sleepers(seconds) === 2));
  const { profile } = sleeping(() => 'true');
  const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '--lens', 'exec', '-p', profile]);
  expect({ code: ran.code, left: sleepers(seconds) }).toEqual({ code: 0, left: 2 });
});
