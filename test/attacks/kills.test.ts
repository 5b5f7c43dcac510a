// SPDX-License-Identifier: Apache-2.0
// A scan that is told to end, or killed, at any moment. test/nothing-left ends it at each request and each event; this one
// knows no events, and so also strikes between them.
import { readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, program, type Running, startProgram, type Transcript } from '../support/cinc-scan.ts';
import { engineProcesses, leftObjects, openTestCluster } from '../support/cluster.ts';
import { sampleOf } from './sample.ts';

const kill = (running: Running, ...signals: NodeJS.Signals[]) => signals.forEach(signal => running.child.kill(signal));
const killEach = (pids: number[]) => {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it has ended meanwhile
};

interface Ending {
  strike: (running: Running) => void;
  /** Exit codes besides those of a scan that had come to its end. */
  codes: (number | null)[];
  /** Nothing is left to take the grant back: a sweep does. */
  isOutright?: true;
}

const endings: Record<string, Ending> = {
  SIGTERM: { strike: running => kill(running, 'SIGTERM'), codes: [143] },
  SIGINT: { strike: running => kill(running, 'SIGINT'), codes: [130] },
  SIGHUP: { strike: running => kill(running, 'SIGHUP'), codes: [129] },
  'SIGINT, SIGINT and SIGTERM': { strike: running => kill(running, 'SIGINT', 'SIGINT', 'SIGTERM'), codes: [130, 143] },
  'SIGKILL of the engine': { strike: () => killEach(engineProcesses(cluster.folder)), codes: [4, 5] },
  SIGKILL: { strike: running => kill(running, 'SIGKILL'), codes: [null], isOutright: true },
  'SIGTERM and SIGKILL': { strike: running => kill(running, 'SIGTERM', 'SIGKILL'), codes: [null], isOutright: true },
  'SIGKILL of the whole group': {
    strike: ({ child: { pid = 0 } }) => killEach([-pid]),
    codes: [null],
    isOutright: true,
  },
};
/** In hundredths of the time that a scan takes which nothing ends. */
const moments = Array.from({ length: 34 }, (_, index) => 1 + index * 3);
const { cases, title } = sampleOf(
  Object.entries(endings).flatMap(([name, ending]) => moments.map(moment => ({ name, moment, ending }))),
);

/** Exit code of the whole scan: one of its controls fails. */
const whole = 3;
const cluster = await openTestCluster();
let namespace = '';
let wholeMs = 0;
beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  const begin = Date.now();
  expect(await start('whole').ended).toMatchObject({ code: whole });
  wholeMs = Date.now() - begin;
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** In a group of its own, which may be killed as one. */
const start = (runId: string): Running =>
  startProgram(cluster, [
    'setsid',
    ...program,
    'scan',
    'web',
    '-n',
    namespace,
    '-p',
    profiles.system,
    ...only,
    '--run-id',
    runId,
  ]);
const only = ['--controls', 'platform,users,passwd'];
const scratch = () => readdirSync(cluster.folder).filter(name => name.startsWith('cinc-scan-'));

describe(`a scan that is ended (${title})`, () => {
  test.each(cases)('by $name after $moment % of its time leaves nothing, or what a sweep takes', async each => {
    const runId = `kill-${cases.indexOf(each)}`;
    const before = scratch();
    const running = start(runId);
    await after((wholeMs * each.moment) / 100);
    each.ending.strike(running);
    const ran = await running.ended;
    expect([whole, ...each.ending.codes, ...asUnhandled(each.name)]).toContain(ran.code);
    await until('the end of its engine', () => Promise.resolve(engineProcesses(cluster.folder).length === 0));
    const left = await leftObjects(cluster.api, [namespace]);
    if (each.ending.isOutright !== true) expect({ left, scratch: scratch() }).toEqual({ left: [], scratch: before });
    if (left.length > 0) expect(await sweep(runId)).toMatchObject({ code: 0 });
    expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
  });
});

/** Before our program runs at all, a signal ends it as it ends any. */
const asUnhandled = (name: string): null[] => (name.startsWith('SIG') ? [null] : []);
const sweep = (runId: string): Promise<Transcript> => cincScan(cluster, ['sweep', '-n', namespace, '--run', runId]);
