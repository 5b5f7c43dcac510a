// SPDX-License-Identifier: Apache-2.0
import { createPod, type FaultAction } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Connection, connect } from '../../packages/core/src/cluster/connect.ts';
import { type ExecEnd, openExec } from '../../packages/core/src/cluster/exec-stream.ts';
import { Secret } from '../../packages/core/src/request/index.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();
let operator: Connection;
const where = { namespace: '', pod: 'web', container: 'app' };
const retry = { attempts: 3, initialMs: 1, maxMs: 5 };

beforeAll(async () => {
  operator = await connect({ access: { kind: 'content', content: new Secret(cluster.kubeconfig) }, retry });
  where.namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace: where.namespace, containers: { app: 'busybox' } });
});
afterAll(async () => {
  operator.close();
  await cluster.close();
});

interface Finished {
  end: ExecEnd;
  stdout: string;
  stderr: string;
}

async function execute(command: string[], input = ''): Promise<Finished> {
  const stream = await openExec(operator.cluster, where, command);
  const taken = { stdout: '', stderr: '' };
  stream.onStdout = bytes => (taken.stdout += bytes.toString('latin1'));
  stream.onStderr = bytes => (taken.stderr += bytes.toString('latin1'));
  if (input !== '') await stream.write(Buffer.from(input));
  return { end: await stream.ended, ...taken };
}

describe('a stream', () => {
  test('brings input, both outputs and the status of its command', async () => {
    const got = await execute(['sh', '-c', 'read -r a; echo "out $a"; echo "err $a" >&2; exit 3'], 'x\n');
    expect(got).toEqual({ end: { kind: 'exited', code: 3 }, stdout: 'out x\n', stderr: 'err x\n' });
  });

  test('passes each word of a command as it is', async () => {
    const words = ['a b', "it's", '$HOME', '&c=d', '', 'ä', '%'];
    expect((await execute(['printf', '[%s]', ...words])).stdout).toBe(
      Buffer.from(words.map(word => `[${word}]`).join('')).toString('latin1'),
    );
  });

  test('takes a megabyte of input at once', async () => {
    expect((await execute(['head', '-c', '1048576'], 'x'.repeat(1_048_576))).stdout.length).toBe(1_048_576);
  });

  test('whose command is not there says so, after it was opened', async () => {
    const { end } = await execute(['no-such-program']);
    expect(end).toMatchObject({
      kind: 'not-started',
      missing: true,
      message: expect.stringContaining('no-such-program'),
    });
  });

  test('whose command may not be run does not say that it is not there', async () => {
    const { end } = await execute(['/etc/passwd']);
    expect(end).toMatchObject({ kind: 'not-started', missing: false });
  });

  embeddedTest('that is cut is lost, whatever had come', async () => {
    using fault = plant({ kind: 'cut', afterBytes: 5000 });
    const { end } = await execute(['sh', '-c', 'while :; do echo more; done']);
    expect({ end: end.kind, hits: fault.hits }).toEqual({ end: 'lost', hits: 1 });
  });

  test('that is closed ends', async () => {
    const stream = await openExec(operator.cluster, where, ['cat']);
    await stream.close();
    expect((await stream.ended).kind).not.toBe('not-started');
    await expect(stream.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'TARGET_LOST' });
  });
});

function plant(action: FaultAction, nth?: number) {
  if (cluster.embedded === undefined) throw new Error('a real cluster has no faults to plant');
  return cluster.embedded.faults.add({ match: { path: /\/exec\?/, ...(nth !== undefined && { nth }) }, action });
}

const statusOf = (code: number, reason: string, message: string): FaultAction => ({
  kind: 'status',
  code,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code },
});

describe('a refusal before the stream is open', () => {
  const refusals: [name: string, action: FaultAction, code: string][] = [
    ['401', statusOf(401, 'Unauthorized', 'Unauthorized'), 'CLUSTER_UNAUTHORIZED'],
    ['403 of the cluster', statusOf(403, 'Forbidden', 'pods "web" is forbidden: '), 'CLUSTER_FORBIDDEN'],
    ['403 of something between', { kind: 'status', code: 403, body: 'blocked' }, 'CLUSTER_REFUSED'],
    ['404', statusOf(404, 'NotFound', 'pods "web" not found'), 'TARGET_NOT_FOUND'],
    [
      '500 with "container not found"',
      { kind: 'status', code: 500, body: 'container not found ("app")' },
      'TARGET_NOT_RUNNING',
    ],
    ['500 of a node that is down', statusOf(500, 'InternalError', 'error dialing backend: refused'), 'CLUSTER_REFUSED'],
    ['400 without a node', statusOf(400, 'BadRequest', 'pod web does not have a host assigned'), 'TARGET_NOT_RUNNING'],
    ['a page instead of a stream', { kind: 'status', code: 200, body: '<html>' }, 'CLUSTER_REFUSED'],
    [
      'a redirect',
      { kind: 'status', code: 302, body: '', headers: { location: 'https://elsewhere.test/' } },
      'CLUSTER_REFUSED',
    ],
    ['503 that stays', statusOf(503, 'ServiceUnavailable', 'later'), 'CLUSTER_REFUSED'],
    ['a reset that stays', { kind: 'reset' }, 'CLUSTER_UNREACHABLE'],
    ['a cut in the middle of the handshake', { kind: 'cut', afterBytes: 30 }, 'CLUSTER_UNREACHABLE'],
  ];
  for (const [name, action, code] of refusals)
    embeddedTest(`${name} is told as what it is`, async () => {
      using fault = plant(action);
      await expect(execute(['true'])).rejects.toMatchObject({
        code,
        exit: 4,
        message: expect.stringMatching(new RegExp(`^exec into ${where.namespace}/web/app`)),
      });
      expect(fault.hits).toBeGreaterThan(0);
    });

  const passing: [name: string, action: FaultAction][] = [
    ['429', { ...statusOf(429, 'TooManyRequests', 'slow down'), headers: { 'retry-after': '1' } } as FaultAction],
    ['503', statusOf(503, 'ServiceUnavailable', 'later')],
    ['a reset', { kind: 'reset' }],
    ['a cut', { kind: 'cut', afterBytes: 30 }],
  ];
  for (const [name, action] of passing)
    embeddedTest(`${name} that passes is asked again, and nothing ran before`, async () => {
      using fault = plant(action, 1);
      expect(await execute(['echo', 'once'])).toMatchObject({ end: { kind: 'exited', code: 0 }, stdout: 'once\n' });
      expect(fault.hits).toBe(1);
    });

  test('for a container that the pod does not have is no lack of a permission', async () => {
    await expect(openExec(operator.cluster, { ...where, container: 'nope' }, ['true'])).rejects.toMatchObject({
      code: 'TARGET_NOT_RUNNING',
    });
  });

  test('for a pod that is not there says so', async () => {
    await expect(openExec(operator.cluster, { ...where, pod: 'gone' }, ['true'])).rejects.toMatchObject({
      code: 'TARGET_NOT_FOUND',
    });
  });
});
