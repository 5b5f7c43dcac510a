// SPDX-License-Identifier: Apache-2.0
// Each input of the command, as CI systems hand it over, given each hostile value: a dry run of a scan that would work but
// for that one.
import { readdirSync } from 'node:fs';
import { environmentName, type InputName, inputNames, inputs } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { findCommands } from '../../packages/core/src/report/testing/platforms.ts';
import { cincScan, root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { hostileValues, isTrace } from './hostile-values.ts';
import { sampleOf } from './sample.ts';

const { cases, title } = sampleOf(
  inputNames
    .filter(name => name !== 'dry-run')
    .flatMap(input => Object.entries(hostileValues).map(([what, value]) => ({ input, what, value }))),
);

const cluster = await openTestCluster();
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** How the command begins to refuse, and the input or its variable; what is not a selector is told as such. */
const namesOf = (input: InputName) =>
  new RegExp(
    `cinc-scan: [A-Z_]+ [^]*${input === 'targets' ? '(?:selector|target|pod)' : input.replaceAll('-', '[-_]')}`,
    'i',
  );

describe(`a hostile value in one input (${title})`, () => {
  for (const { input, what, value } of cases)
    embeddedTest(`${input}: ${what}`, async () => {
      const good = { targets: 'web', namespace, profile: `${root}test/fixtures/profiles/tiny` };
      const given = Object.entries({ ...good, [input]: value }).map(([name, text]) => [variableOf(name), text]);
      const cwd = folderWith(cluster, {});
      const ran = await cincScan(cluster, ['scan', '--dry-run'], {
        cwd,
        env: Object.fromEntries(given) as Record<string, string>,
      });
      expect(ran.stderr).not.toContain('DEFECT');
      expect(findCommands(ran.stdout + ran.stderr)).toEqual([]);
      expect(readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(isTrace)).toEqual([]);
      if (ran.code !== 0) expect(ran.stderr).toMatch(namesOf(input));
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: expectedOf(input, ran.code) });
    });
});

const variableOf = (name: string) => environmentName(inputNames.find(each => each === name) ?? 'targets');
/** A token that speaks for nobody, and pods that are not there, are seen only where they are asked about. */
const expectedOf = (input: InputName, code: number | null) =>
  code === 4 && (input === 'token' || input === 'targets') ? 4 : code === 0 && inputs[input].type !== 'choice' ? 0 : 2;
