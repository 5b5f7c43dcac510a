// SPDX-License-Identifier: Apache-2.0
// Each adapter as shipped, with the command as shipped behind it, given hostile values: in all of its inputs at once, of which
// the command refuses one by name; in the names of files that are there, where it may scan; for the version to install.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentName, inputNames } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { describe, expect } from '@jest/globals';
import { findCommands } from '../../packages/core/src/report/testing/platforms.ts';
import type { Adapter, Ran } from '../adapters/support/contract.ts';
import { endings, type Given } from '../adapters/support/endings.ts';
import { theCluster } from '../adapters/support/real.ts';
import { type Call, environmentOf, recordCommand } from '../adapters/support/recorder.ts';
import { taken } from '../adapters/support/values.ts';
import { cacheHome, compiled } from '../support/caches.ts';
import { embeddedTest, type TestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { asNames, canBeName, hostileValues, inEvery, isTrace, layOut } from './hostile-values.ts';
import { sampleOf } from './sample.ts';

interface Attack {
  name: string;
  given: Given;
  /** Whether it is given the names of what is there, and may scan. */
  isThere?: true;
}

const attacksOf = (values: [string, string][]): Attack[] =>
  values.flatMap(([name, value], index): Attack[] => [
    {
      name: `${name} and others in every input`,
      given: inEvery(
        taken,
        values.map(([, each]) => each),
        index,
      ),
    },
    { name: `${name} for a version`, given: { version: value } },
    { name: `${name} for a digest`, given: { package: './good.tgz', integrity: value } },
    ...(canBeName(value)
      ? [{ name: `${name} in the names of files`, given: asNames(value), isThere: true } as const]
      : []),
  ]);

const pods = new WeakMap<TestCluster, Promise<string>>();

/** A namespace with a pod to scan: one for all attacks of a file. */
function podOf(cluster: TestCluster): Promise<string> {
  const made = pods.get(cluster) ?? makePod(cluster);
  pods.set(cluster, made);
  return made;
}

async function makePod(cluster: TestCluster): Promise<string> {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
  return namespace;
}

/** What is given, and what is there. */
async function prepare({ given, isThere }: Attack, folder: string): Promise<Given> {
  mkdirSync(folder);
  if (isThere === undefined) return given;
  layOut(folder, given);
  return { targets: 'web', namespace: await podOf(await theCluster()), ...given };
}

/** In place of npm: knows one package, fetches nothing, and notes what it is asked for. */
const npm = `#!/bin/sh
[ "$1" = pack ] || exit 1
for last; do :; done
printf %s "$last" >"$0.asked"
case $last in */good.tgz) : >"$5/good.tgz" && echo good.tgz ;; *) exit 1 ;; esac
`;

const without = (names: string[], given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));

async function attack(adapter: Adapter, each: Attack) {
  const cluster = await theCluster();
  const place = folderWith(cluster, { 'bin/npm': npm });
  chmodSync(join(place, 'bin/npm'), 0o755);
  const folder = join(place, 'work');
  const { unplayed = [] } = adapter;
  const given = without(unplayed, await prepare(each, folder));
  const token = cluster.embedded?.adminToken ?? '';
  const machine = { KUBECONFIG: cluster.kubeconfigPath, TMPDIR: cluster.folder, XDG_CACHE_HOME: cacheHome };
  const { path, calls } = recordCommand(place, { ...machine, ...compiled });
  const ran = await adapter.run({ folder, path, given, env: { CINC_SCAN_TOKEN: token } });
  await cluster.expectNothingLeft();
  return { ran, calls: calls(), given, place };
}

/** Defines the attacks on one starter of `cinc-scan init`. */
export function testHostileValues(starter: string, adapter: Adapter): void {
  const { fillsIn } = adapter;
  const carried = Object.entries(hostileValues).filter(([, value]) => fillsIn === undefined || !fillsIn.test(value));
  const { cases, title } = sampleOf(attacksOf(carried));
  describe(`${starter}: a hostile value (${title})`, () => {
    for (const each of cases)
      embeddedTest(each.name, async () => {
        const { ran, calls, given, place } = await attack(adapter, each);
        expect(readdirSync(place, { recursive: true, encoding: 'utf8' }).filter(isTrace)).toEqual([]);
        expect(foreignCommands(ran.text)).toEqual([]);
        const asked = readIfThere(join(place, 'bin/npm.asked'));
        if (asked !== undefined) expectNoOther(asked, given, calls);
        else expect(changed(adapter, given, environmentOf(calls))).toEqual([]);
        expectEnd(adapter, ran, each);
      });
  });
}

const readIfThere = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

/** What could not be had is not replaced by a command that happens to be there. */
function expectNoOther(asked: string, { version, package: path }: Given, calls: Call[]): void {
  expect(asked.replace(/^.*\/good\.tgz$/, 'good')).toBe(path === undefined ? `cinc-scan@${version}` : 'good');
  expect(calls.filter(({ args }) => args[0] === 'scan')).toEqual([]);
}

/** Inputs that are another value at the command than they were given; a scan that was not started had none. */
function changed({ decides = [] }: Adapter, given: Given, arrived: Record<string, string>): string[] {
  if (Object.keys(arrived).length === 0) return [];
  const names = taken.filter(name => given[name] !== undefined && !decides.includes(name));
  return names.filter(name => arrived[environmentName(name)] !== given[name]);
}

/** A pass only of what was there; else the platform shows that something is wrong, and the log says which input. */
function expectEnd(adapter: Adapter, ran: Ran, { isThere, given }: Attack): void {
  const passed = adapter.state(endings.pass);
  if (isThere && ran.state === passed) expect(ran.outputs).toMatchObject({ verdict: 'pass' });
  else expect({ state: ran.state, text: ran.state === passed ? ran.text : '' }).not.toMatchObject({ state: passed });
  if (ran.state !== passed && taken.some(name => given[name] !== undefined)) expect(ran.text).toMatch(namesInput);
}

/** How the command or the platform begins to refuse, and the name of an input. */
const namesInput = new RegExp(`(?:cinc-scan: [A-Z_]+ |Invalid )[^]*(?:${inputNames.join('|')})`, 'i');

/** What adapters of ours say to their own platforms, with its values escaped as the platform reads them. */
const own = [
  /^##vso\[(?:task|artifact|results)\.[a-z]+ [^\]]*\]/,
  /^##teamcity\[\w+(?: \w+='(?:[^'|[\]]|\|.)*')*\]/,
  /^SPINNAKER_(?:PROPERTY_(?!PWNED)\w+|CONFIG_JSON)=/,
];

/** Lines in which a CI system would find a command that is not the adapter's own. */
const foreignCommands = (text: string): string[] =>
  text
    .split('\n')
    .filter(line => findCommands(own.reduce((rest, command) => rest.replace(command, ''), line)).length > 0);
