// SPDX-License-Identifier: Apache-2.0
// Profiles that may turn what was not seen, or what failed, into a pass; each under three gates. Whatever a scan ends with
// 0 is held against the law besides (test/support/law.ts).
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubectl } from '../support/kubectl.ts';
import { lookTricks, preparation } from './look-tricks.ts';
import { sampleOf } from './sample.ts';
import { dependencies, shapeTricks } from './shape-tricks.ts';
import { statementTricks } from './statement-tricks.ts';
import type { Trick } from './trick.ts';

const gates = {
  strictest: [],
  '--fail-on low': ['--fail-on', 'low'],
  'a bound on failures': ['--threshold', '{failed.total.max: 0}'],
};
const tricks = [...statementTricks, ...shapeTricks, ...lookTricks];
const { cases, title } = sampleOf(
  tricks.flatMap(trick => Object.entries(gates).map(([gate, flags]) => ({ name: trick.name, gate, trick, flags }))),
);

const cluster = await openTestCluster();
let namespace = '';
beforeAll(async () => {
  namespace = await cluster.namespace();
  const container = { securityContext: { runAsUser: 1000, runAsGroup: 1000 } };
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' }, container });
  const prepare = ['exec', 'web', '-n', namespace, '--', 'sh', '-c', preparation];
  expect(await kubectl(cluster, cluster.kubeconfigPath, prepare)).toMatchObject({ code: 0 });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

describe(`a profile that may mislead (${title})`, () => {
  test.each(cases)('with $name, gate: $gate', async ({ trick, gate, flags }) => {
    const cwd = folderWith(cluster, filesOf(trick));
    const args = ['scan', 'web', '-n', namespace, '-p', 'trick', '--lens', 'exec', '--timeout', '20s', ...flags];
    const { code } = await cincScan(cluster, args, { cwd });
    expect(answersOf(trick, gate)).toContain(code);
  });
});

function answersOf({ zero }: Trick, gate: string): number[] {
  const mayPass = zero === 'under any gate' || (zero === 'under a lenient gate' && gate !== 'strictest');
  return [...(mayPass ? [0] : []), 2, 3, 4, 5];
}

function filesOf({ files, metadata }: Trick): Record<string, string> {
  const all = { ...dependencies, trick: { files, ...(metadata !== undefined && { metadata }) } };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, profile]) =>
      Object.entries({
        ...profile.files,
        'inspec.yml': `name: ${name}\nversion: 1.0.0\n${profile.metadata ?? ''}`,
      }).map(([path, text]) => [`${name}/${path}`, text]),
    ),
  );
}
