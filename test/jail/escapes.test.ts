// SPDX-License-Identifier: Apache-2.0
// A profile is a program. What it may try on the machine that scans, each by its name, and what became of it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { type InProcess, scanInProcess } from '../support/in-process.ts';
import { Victim } from './victim.ts';

const cluster = await openTestCluster();
const profile = join(root, 'test/fixtures/profiles/escapes');
const libraries = join(profile, 'libraries');
const names = readdirSync(libraries).flatMap(file =>
  [...readFileSync(join(libraries, file), 'utf8').matchAll(/^ {2}way\('([^']+)'\)/gm)].map(([, name = '']) => name),
);
const ofProcesses = ['environ', 'mem', 'maps'].flatMap(each => [
  `read ${each} of another process`,
  `read ${each} of its parent`,
]);
const all = [...names, ...ofProcesses];

/** What this machine does not have, or gives nobody. */
const unreal = [
  'read the memory of the machine',
  'read a disk',
  'write to its terminal',
  'load a module',
  'load another kernel',
];

let victim: Victim;
let ran: InProcess;
/** Of each control, and what a check that failed has found. */
const said = new Map<string, { status: unknown; message: unknown }>();

beforeAll(async () => {
  process.env['CST_ESCAPE'] = 'secret-of-the-environment';
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  victim = await Victim.start(mkdtempSync(join(cluster.folder, 'v-')), apiPort());
  const input = Object.entries(victim.known).map(([name, value]) => `${name}=${value}`);
  ran = await scanInProcess(cluster, {
    targets: ['web'],
    namespace: [namespace],
    profile: [profile],
    input,
    'require-jail': 'full',
  });
  for (const { id, results } of controls(ran))
    said.set(id, { status: results[0]?.status, message: results[0]?.message });
}, 300_000);
afterAll(async () => {
  victim[Symbol.dispose]();
  await cluster.close();
});

const apiPort = () => Number(/server: \S+:(\d+)/.exec(cluster.kubeconfig)?.[1]);

function controls({ scan: { outcomes } }: InProcess) {
  const [outcome] = outcomes;
  if (outcome?.kind !== 'audited') throw outcome?.error ?? new Error('nothing was looked at');
  return outcome.hdf.profiles.flatMap(each => each.controls);
}

test('a jail is full on the machine of the tests', () => {
  expect(ran.scan.model.jail).toMatchObject({ strength: 'full', missing: [], reasons: [] });
});

describe('a profile in a jail cannot', () => {
  test.each(all)('%s', name => {
    expect(said.get(name)).toEqual({ status: 'passed', message: undefined });
  });

  test('do anything else that is tried and not listed here', () => {
    expect([...said.keys()].toSorted()).toEqual(all.toSorted());
    expect(all.length).toBeGreaterThan(120);
  });
});

describe('what a profile has tried', () => {
  test('has reached nobody', () => {
    expect({ visits: victim.visits, lives: victim.lives }).toEqual({ visits: [], lives: true });
  });

  test('has left everything as it was', () => {
    const { writable, folder } = victim.known;
    expect(readFileSync(String(writable), 'utf8')).toBe('content of writable');
    expect(readdirSync(String(folder))).toEqual([]);
  });
});

test('each of them is a way out where there is no jail', () => {
  const folder = mkdtempSync(join(cluster.folder, 'v-'));
  mkdirSync(join(folder, 'work'));
  const args = [join(import.meta.dirname, 'unjailed.rb'), libraries, JSON.stringify(victim.known)];
  const text = execFileSync('ruby', args, {
    cwd: join(folder, 'work'),
    encoding: 'utf8',
    env: process.env,
    maxBuffer: 1 << 26,
  });
  const found = JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, string>;
  const closed = Object.keys(found).filter(name => !found[name]?.startsWith('open'));
  expect(closed.filter(name => !unreal.includes(name))).toEqual([]);
  expect(Object.keys(found).toSorted()).toEqual(all.toSorted());
}, 300_000);
