// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createPod, until } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, readScanJson, startCincScan } from '../support/cinc-scan.ts';
import { embeddedTest, leftObjects, openTestCluster, type TestCluster } from '../support/cluster.ts';
import { deletedKinds, makeGrant, ownersOf, pathsOf, rbac, tryTokens } from '../support/grant.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster({ authenticationCacheSeconds: 3 });
const names = { one: '', two: '', accounts: '' };

beforeAll(async () => {
  for (const key of ['one', 'two', 'accounts'] as const) names[key] = await cluster.namespace();
  for (const namespace of [names.one, names.two])
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' }, labels: { app: 'web' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const inBoth = () => ['-l', 'app=web', '-n', names.one, '-n', names.two];
const inOne = () => ['web', '-n', names.one];

describe('cinc-scan revoke', () => {
  test('deletes the binding, then the rest, tries the token, and deletes the kubeconfig', async () => {
    const grant = await makeGrant(cluster, 'plain', inOne());
    expect(statSync(grant.file).mode & 0o777).toBe(0o600);
    expect(await tryTokens(grant, 'web')).toEqual([200]);
    const ran = await cincScan(cluster, ['revoke', grant.file, '--log-format', 'json']);
    expect(ran).toMatchObject({ code: 0, stdout: '3 objects deleted; the token was tried and refused\n' });
    expect(deletedKinds(ran.stderr)).toEqual(['RoleBinding', 'Role', 'ServiceAccount']);
    expect([[401], [403]]).toContainEqual(await tryTokens(grant, 'web'));
    expect(existsSync(grant.file)).toBe(false);
  });

  embeddedTest('leaves the token powerless as soon as the binding is gone, whatever becomes of the rest', async () => {
    const grant = await makeGrant(cluster, 'binding', inOne());
    const fault = cluster.embedded?.faults.add({
      match: { method: 'DELETE', path: /\/roles\// },
      action: { kind: 'hold', served: false },
    });
    const running = startCincScan(cluster, ['revoke', grant.file]);
    await until('the role to be next', () => Promise.resolve(fault?.hits === 1));
    const { ServiceAccount } = pathsOf('binding', names.one);
    expect((await cluster.api.send('GET', ServiceAccount)).status).toBe(200);
    expect(await tryTokens(grant, 'web')).toEqual([403]);
    running.child.kill('SIGKILL');
    await running.ended;
    fault?.remove();
    // The kubeconfig is still there, and so is the way to end it.
    const again = await cincScan(cluster, ['revoke', grant.file]);
    expect(again).toMatchObject({ code: 0, stdout: '2 objects deleted; the token was tried and refused\n' });
  });

  test('waits, if it is told to, until the token is not even authenticated', async () => {
    const grant = await makeGrant(cluster, 'dead', inOne());
    expect(await cincScan(cluster, ['revoke', grant.file, '--wait-dead'])).toMatchObject({ code: 0 });
    expect(await tryTokens(grant, 'web')).toEqual([401]);
  });

  embeddedTest('fails where the token is still let in by a binding of somebody else', async () => {
    // For longer than revoke waits, as a server with a long authentication cache would.
    const slow = await openTestCluster({ authenticationCacheSeconds: 60 });
    const namespace = await slow.namespace();
    await createPod(slow.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const grant = await makeGrant(slow, 'let-in', ['web', '-n', namespace]);
    await bindEverybody(slow, namespace); // before, the grant would be too wide
    const ran = await cincScan(slow, ['revoke', grant.file]);
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toMatch(/GRANT_NOT_REVOKED The revoked token is still answered with 200 for pod \S+\/web/);
    expect(await leftObjects(slow.api, [namespace])).toEqual([]);
    await slow.expectNothingLeft();
    await slow.close();
  });

  test('takes back what was made in several namespaces, where each token was good for one', async () => {
    const grant = await makeGrant(cluster, 'both', inBoth());
    expect(grant.kubeconfig.contexts.map(({ context }) => context.namespace)).toEqual([names.one, names.two]);
    expect(new Set(grant.kubeconfig.users.map(({ user }) => user.token)).size).toBe(2);
    expect(await tryTokens(grant, 'web')).toEqual([200, 200]);
    const ran = await cincScan(cluster, ['revoke', grant.file, '--wait-dead']);
    expect(ran).toMatchObject({ code: 0, stdout: '6 objects deleted; the token was tried and refused\n' });
    expect(await tryTokens(grant, 'web')).toEqual([401, 401]);
  });

  test('takes back a grant whose accounts live in a namespace of their own', async () => {
    const grant = await makeGrant(cluster, 'apart', [...inBoth(), '--grant-namespace', names.accounts]);
    expect(await tryTokens(grant, 'web')).toEqual([200, 200]);
    const paths = [names.one, names.two].map(namespace => pathsOf('apart', namespace, names.accounts));
    for (const { Role, RoleBinding } of paths)
      expect([await ownersOf(cluster, Role), await ownersOf(cluster, RoleBinding)]).toEqual([0, 0]);
    expect((await leftObjects(cluster.api, [names.accounts])).length).toBe(1);
    const ran = await cincScan(cluster, ['revoke', grant.file]);
    expect(ran).toMatchObject({ code: 0, stdout: '5 objects deleted; the token was tried and refused\n' });
  });

  test('by run id alone deletes the objects, and says nothing of a token it does not know', async () => {
    await makeGrant(cluster, 'by-id', inOne());
    const ran = await cincScan(cluster, ['revoke', '--run', 'by-id', '-n', names.one]);
    expect(ran).toMatchObject({ code: 0, stdout: '3 objects deleted\n' });
  });

  test('refuses a file that is not the kubeconfig of a grant, and leaves it', async () => {
    const refused = await cincScan(cluster, ['revoke', cluster.kubeconfigPath]);
    expectRefused(refused, {
      code: 'KUBECONFIG_INVALID',
      exit: 2,
      message: /not a kubeconfig that `cinc-scan grant` wrote/,
      remedy: /\S/,
    });
    expect(existsSync(cluster.kubeconfigPath)).toBe(true);
    const missing = await cincScan(cluster, ['revoke', 'nowhere']);
    expectRefused(missing, { code: 'INPUT_INVALID', exit: 2, message: /there is no such file/, remedy: /\S/ });
  });
});

describe('a grant', () => {
  test('goes altogether when its account goes', async () => {
    await makeGrant(cluster, 'owned', inOne());
    const { ServiceAccount, Role, RoleBinding } = pathsOf('owned', names.one);
    expect([await ownersOf(cluster, Role), await ownersOf(cluster, RoleBinding)]).toEqual([1, 1]);
    await cluster.api.call('DELETE', ServiceAccount);
    await until('the collection of what it owned', async () => {
      return (await leftObjects(cluster.api, [names.one])).length === 0;
    });
  });

  embeddedTest('lives as long as the server says, not as long as was asked for', async () => {
    const short = await openTestCluster({ maxTokenSeconds: 600 });
    const namespace = await short.namespace();
    await createPod(short.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const { file, stderr } = await makeGrant(short, 'short', ['web', '-n', namespace, '--duration', '2h']);
    const end = Date.parse(/until (\S+?)\. /.exec(stderr)?.[1] ?? '');
    expect(end).toBeGreaterThan(Date.now());
    expect(end).toBeLessThanOrEqual(Date.now() + 600_000);
    expect((await cincScan(short, ['revoke', file])).code).toBe(0);
    await short.expectNothingLeft();
    await short.close();
  });
});

describe('a look that lasts longer than its token', () => {
  const openShort = async () => {
    const short = await openTestCluster({ maxTokenSeconds: 10, expiryLeewaySeconds: 0 });
    const namespace = await short.namespace();
    await createPod(short.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    return { short, args: ['scan', 'web', '-n', namespace, '-p', profiles.slow, '--report-only'] };
  };
  const tokensOf = (short: TestCluster) =>
    short.embedded?.requests.all().filter(({ path }) => path.endsWith('/token')).length ?? 0;

  embeddedTest('comes to its end with another token', async () => {
    const { short, args } = await openShort();
    const controls = Array.from({ length: 14 }, (_, index) => `step ${index + 1}`).join(',');
    const ran = await cincScan(short, [...args, '--controls', controls]);
    expect(readScanJson(ran)).toMatchObject({ targets: [{ outcome: 'audited' }], grant: { revoked: true } });
    expect(tokensOf(short)).toBeGreaterThan(1);
    await short.expectNothingLeft();
    await short.close();
  });

  embeddedTest('is ended in its container with another token', async () => {
    const { short, args } = await openShort();
    const ran = await cincScan(short, [...args, '--timeout', '14s']);
    expect(readScanJson(ran)).toMatchObject({
      targets: [{ outcome: 'unreached', error: { code: 'TARGET_TIMEOUT' } }],
      grant: { revoked: true },
    });
    // The shell, and what ended it when the first token was long over.
    const execs = short.embedded?.requests.all().filter(({ path }) => path.includes('/exec')) ?? [];
    expect(execs.map(({ status }) => status)).toEqual([101, 101]);
    await short.expectNothingLeft();
    await short.close();
  });
});

describe('a scan', () => {
  embeddedTest('closes its streams before it takes the first right away', async () => {
    const running = startCincScan(cluster, ['scan', ...inOne(), '-p', profiles.slow, '-v', '--run-id', 'streams']);
    await running.line(/✓ step 1 /);
    const container = await containerId();
    const idle = processesIn(container);
    expect(idle.some(command => command.startsWith('sh'))).toBe(true);
    const fault = cluster.embedded?.faults.add({
      match: { method: 'DELETE' },
      action: { kind: 'delay', ms: 3000 },
      times: 1,
    });
    running.child.kill('SIGINT');
    await until('the first delete', () => Promise.resolve(fault?.hits === 1));
    await until('the end of the helper loop', () =>
      Promise.resolve(!processesIn(container).some(command => command.startsWith('sh'))),
    );
    const { RoleBinding } = pathsOf('streams', names.one);
    expect((await cluster.api.send('GET', RoleBinding)).status).toBe(200);
    expect((await running.ended).code).toBe(130);
  });

  test('leaves nothing where the accounts live in a namespace of their own', async () => {
    const args = ['scan', ...inBoth(), '-p', profiles.firstLook, '--grant-namespace', names.accounts, '--report-only'];
    const ran = await cincScan(cluster, [...args, '--log-format', 'json']);
    expect(ran.code).toBe(0);
    expect(deletedKinds(ran.stderr)).toEqual(['RoleBinding', 'RoleBinding', 'Role', 'Role', 'ServiceAccount']);
  });
});

async function bindEverybody({ api }: TestCluster, namespace: string): Promise<void> {
  const meta = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: `lets-in-${namespace}` } };
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  await api.call('POST', `${rbac}/clusterroles`, { ...meta, kind: 'ClusterRole', rules });
  await api.call('POST', `${rbac}/clusterrolebindings`, {
    ...meta,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: meta.metadata.name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `system:serviceaccounts:${namespace}` }],
  });
}

async function containerId(): Promise<string> {
  const { status } = await cluster.api.call('GET', `/api/v1/namespaces/${names.one}/pods/web`);
  const [first] = (status?.['containerStatuses'] ?? []) as { containerID: string }[];
  return first?.containerID.split('://')[1] ?? '';
}

/** Command lines of the processes in a container, as this machine sees them. */
function processesIn(container: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && read(`/proc/${name}/cgroup`).includes(container))
    .map(name => read(`/proc/${name}/cmdline`).replaceAll('\0', ' '));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
