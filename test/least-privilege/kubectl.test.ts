// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { type Granted, makeGrant } from '../support/grant.ts';
import { type Ended, kubectl as runKubectl } from '../support/kubectl.ts';

const run = promisify(execFile);
const cluster = await openTestCluster();
const made: { namespace: string; grant: Granted | undefined } = { namespace: '', grant: undefined };

beforeAll(async () => {
  await requireKubectl();
  made.namespace = await cluster.namespace();
  for (const name of ['planned', 'other'])
    await createPod(cluster.api, { name, namespace: made.namespace, containers: { app: 'busybox' } });
  made.grant = await makeGrant(cluster, 'kubectl', ['planned', '-n', made.namespace]);
});
afterAll(() => cluster.close());

/** The embedded cluster serves exec over WebSocket, which kubectl speaks since 1.30. */
async function requireKubectl(): Promise<void> {
  const { stdout } = await run('kubectl', ['version', '--client', '-o', 'json']).catch(() => ({ stdout: '{}' }));
  const { clientVersion } = JSON.parse(stdout) as { clientVersion?: { gitVersion: string } };
  const minor = Number(/^v1\.(\d+)\./.exec(clientVersion?.gitVersion ?? '')?.[1] ?? 0);
  if (minor < 30)
    throw new Error(
      `kubectl 1.30 or later is needed on PATH, found ${clientVersion?.gitVersion ?? 'none'}: ./dev test brings one, packages/testkit/kubectl.sh prints where it is`,
    );
}

const kubectl = (...args: string[]): Promise<Ended> => runKubectl(cluster, made.grant?.file ?? '', args);

describe('kubectl with the kubeconfig of a grant', () => {
  test('enters the planned pod', async () => {
    expect(await kubectl('exec', 'planned', '--', 'sh', '-c', 'echo in; exit 7')).toMatchObject({
      code: 7,
      stdout: 'in\n',
    });
    expect(await kubectl('get', 'pod', 'planned', '-o', 'name')).toMatchObject({ code: 0, stdout: 'pod/planned\n' });
  });

  test.each([
    ['enter another pod', ['exec', 'other', '--', 'id']],
    ['see another pod', ['get', 'pod', 'other']],
    ['list pods', ['get', 'pods']],
    ['read secrets', ['get', 'secrets']],
    ['read the log of the planned pod', ['logs', 'planned']],
    ['delete the planned pod', ['delete', 'pod', 'planned']],
    ['put a debug container into it', ['debug', 'planned', '-c', 'debug', '--image=busybox', '--', 'id']],
    ['look into another namespace', ['get', 'pod', 'planned', '-n', 'default']],
  ])('may not %s', async (_what, args) => {
    const { code, stdout, stderr } = await kubectl(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/forbidden/i);
  });

  test('may do nothing any more once it is revoked', async () => {
    const { grant } = made;
    if (grant === undefined) throw new Error('there is no grant');
    // A copy, as somebody may have made one.
    const copy = join(cluster.folder, 'copy.kubeconfig');
    await run('cp', [grant.file, copy]);
    expect((await cincScan(cluster, ['revoke', grant.file])).code).toBe(0);
    grant.file = copy;
    const { code, stderr } = await kubectl('exec', 'planned', '--', 'id');
    expect(code).toBe(1);
    expect(stderr).toMatch(/forbidden|Unauthorized|logged in/i);
    await cluster.expectNothingLeft();
  });
});
