// SPDX-License-Identifier: Apache-2.0
// Installing the gems of the engine, with a `bundle` that says what it was asked and does not end.
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, expect, test } from '@jest/globals';
import { profiles, startCincScan } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
afterAll(() => cluster.close());

const place = process.env['PATH'] ?? '';

/** A machine whose Bundler compiles for ever, in processes of its own. */
function slowMachine() {
  const folder = folderWith(cluster, {});
  const bin = folderWith(cluster, {
    bundle: ['#!/bin/sh', 'sleep 98765 &', `echo $! >>${folder}/compilers`, 'wait', ''].join('\n'),
  });
  chmodSync(join(bin, 'bundle'), 0o755);
  const file = join(folder, 'compilers');
  const compilers = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : []);
  return {
    compilers,
    env: { PATH: `${bin}:${place}`, CINC_SCAN_ENGINE: 'gems', XDG_CACHE_HOME: folder },
  };
}

/** Those that have not ended, whether anybody has asked for their status or not. */
const living = (pids: number[]) =>
  pids.filter(pid => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });

test('an installation ends with the run that wanted it, and so do its compilers; others wait for it, or take over', async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  const { env, compilers } = slowMachine();
  const args = ['scan', 'web', '-n', namespace, '-p', profiles.firstLook];
  const first = startCincScan(cluster, args, { env });
  await until('a compiler', () => Promise.resolve(compilers().length === 1));
  const waiting = await startCincScan(cluster, [...args, '--deadline', '5s'], { env }).ended;
  expect(waiting.stderr).toContain('DEADLINE');
  expect(compilers()).toHaveLength(1);
  first.child.kill('SIGINT');
  expect((await first.ended).code).toBe(130);
  const next = startCincScan(cluster, args, { env });
  await until('the next compiler', () => Promise.resolve(compilers().length === 2));
  next.child.kill('SIGINT');
  expect((await next.ended).code).toBe(130);
  await until('the end of the compilers', () => Promise.resolve(living(compilers()).length === 0));
});
