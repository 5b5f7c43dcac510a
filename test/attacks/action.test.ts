// SPDX-License-Identifier: Apache-2.0
// The action as shipped, given hostile values: in all of its inputs at once, of which it refuses one by name; and in the names
// of files that are there, where it scans.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionOutputs, outputs } from '@cinc-scan/adapters';
import { inputNames } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { findCommands } from '../../packages/core/src/report/testing/platforms.ts';
import { ActionUse, type Ended } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { asNames, canBeName, hostileValues, inEvery, isTrace, layOut, type Values } from './hostile-values.ts';
import { sampleOf } from './sample.ts';

const values = Object.values(hostileValues);
const { cases, title } = sampleOf(
  Object.entries(hostileValues).flatMap(([name, value], index) => [
    { name: `${name} and others in every input`, given: inEvery([...inputNames], values, index), isThere: false },
    ...(canBeName(value) ? [{ name: `${name} in the names of files`, given: asNames(value), isThere: true }] : []),
  ]),
);

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

async function use(given: Values, isThere: boolean) {
  const workspace = mkdtempSync(join(cluster.folder, 'w-'));
  const told = mkdtempSync(join(cluster.folder, 't-'));
  const env = { GITHUB_ENV: join(told, 'env'), GITHUB_PATH: join(told, 'path') };
  for (const path of Object.values(env)) writeFileSync(path, '');
  if (isThere) layOut(workspace, given);
  const inputs = { ...(isThere && { targets: 'web', namespace }), ...given } as Record<string, string>;
  const action = new ActionUse(cluster, place, { inputs, env, workspace });
  const main = await action.main();
  const post = await action.post();
  return { main, post, workspace, told: Object.values(env).map(path => readFileSync(path, 'utf8')) };
}

describe(`the action with a hostile value (${title})`, () => {
  for (const { name, given, isThere } of cases)
    embeddedTest(name, async () => {
      const { main, post, workspace, told } = await use(given, isThere);
      expect(readdirSync(workspace, { recursive: true, encoding: 'utf8' }).filter(isTrace)).toEqual([]);
      expect(told).toEqual(['', '']);
      for (const step of [main, post]) expect(foreign(step)).toEqual([]);
      expect(Object.keys(main.outputs).filter(output => !known.has(output))).toEqual([]);
      expect(post.code).toBe(0);
      if (main.code === 0)
        expect({ isThere, outputs: main.outputs }).toMatchObject({ isThere: true, outputs: { verdict: 'pass' } });
      else
        expect({ code: main.code, error: errorOf(main) }).toMatchObject({
          code: 2,
          error: expect.stringMatching(namesInput),
        });
    });
});

const known = new Set(Object.keys(actionOutputs(outputs)));
const namesInput = new RegExp(inputNames.join('|'), 'i');
const errorOf = ({ commands }: Ended) => commands.find(({ name }) => name === 'error')?.message ?? '';
const own = /^::(?:add-mask|group|endgroup|error|warning|notice)(?: (?:(?!::).)*)?::/;

/** Lines that the runner would take for a command that is not ours. */
const foreign = ({ raw }: Ended): string[] =>
  raw.split(/\r?\n/).filter(line => findCommands(line.replace(own, '')).length > 0);
