// SPDX-License-Identifier: Apache-2.0
// What the debug lens meets in real clusters: settings that keep it out or let it in, rights that lack, containers that
// end too early, images that never come. Each is told as what it is.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, type Fault } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { makeAccount, operatorRules, type Rule } from '../support/accounts.ts';
import { cincScan, profiles, readScanJson, startCincScan, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, isEmbedded, openTestCluster, type TestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { controlStatuses, debugContainers, enforced, idsOf, restricted, scanArgs } from '../support/lens-scan.ts';

const cluster = await openTestCluster();
const [old, silent, slow] = isEmbedded
  ? await Promise.all([
      openTestCluster({ version: '1.20' }),
      openTestCluster({ version: '1.26' }),
      openTestCluster({ imageReportDelayMs: 12_000 }),
    ])
  : [];
const others = [old, silent, slow].filter(each => each !== undefined);

afterEach(() => Promise.all([cluster, ...others].map(each => each.expectNothingLeft())));
afterAll(() => Promise.all([cluster, ...others].map(each => each.close())));

interface Wish {
  image?: string;
  container?: Record<string, unknown>;
  labels?: Record<string, string>;
  on?: TestCluster | undefined;
}

async function makePod({ image = 'distroless', container = {}, labels = {}, on = cluster }: Wish): Promise<string> {
  const namespace = await on.namespace(labels);
  await createPod(on.api, { name: 'web', namespace, containers: { app: image }, container });
  return namespace;
}

const debug = ['--lens', 'debug'];
const firstTarget = (ran: Transcript) => readScanJson(ran).targets[0];
const passed = (ran: Transcript) => idsOf(controlStatuses(ran), 'passed').length;

/** Requests for debug containers that reached the embedded cluster for a namespace. */
const patches = (namespace: string, on = cluster) =>
  on.embedded?.requests
    .all()
    .filter(({ path }) => path.includes(`/${namespace}/`) && path.endsWith('/ephemeralcontainers')) ?? [];

describe('settings of the target', () => {
  embeddedTest('that give it more than the debug container has are named in the error', async () => {
    const capabilities = { add: ['NET_ADMIN'] };
    const namespace = await makePod({ container: { securityContext: { capabilities } } });
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook));
    expect(firstTarget(ran)).toMatchObject({
      outcome: 'unreached',
      error: {
        code: 'LENS_UNAVAILABLE',
        message: expect.stringMatching(/open-root .*CAP_NET_ADMIN.*; the debug container/),
      },
    });
    expect(ran.code).toBe(4);
    expect(await debugContainers(cluster, namespace)).toMatchObject([{ ended: true }]);
  });

  embeddedTest('that make its root read-only change nothing of what is seen', async () => {
    const namespace = await makePod({ container: { securityContext: { readOnlyRootFilesystem: true } } });
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook));
    expect(firstTarget(ran)).toMatchObject({ observation: { lens: 'debug', view: 'full' } });
    expect({ passed: passed(ran), code: ran.code }).toEqual({ passed: 14, code: 0 });
  });

  for (const image of ['distroless', 'distroless-nonroot'])
    embeddedTest(`in a namespace of level baseline let all of ${image} be seen`, async () => {
      const namespace = await makePod({ image, labels: enforced('baseline') });
      const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, '--require-view', 'full'));
      expect(firstTarget(ran)).toMatchObject({ observation: { lens: 'debug', view: 'full' } });
      expect({ passed: passed(ran), code: ran.code }).toEqual({ passed: 14, code: 0 });
    });
});

describe('a restricted namespace on a server that does not tell whose processes are', () => {
  const { runAsUser: _user, runAsGroup: _group, ...unnamed } = restricted.securityContext;
  const settings: [string, string, object, number][] = [
    ['the pod names its user', 'distroless', { ...unnamed, runAsUser: 1000, runAsGroup: 2000 }, 1],
    ['the guess is right', 'distroless-nonroot', unnamed, 1],
    ['the guess is wrong', 'distroless', { ...unnamed, runAsUser: 1000 }, 2],
  ];
  for (const [name, image, securityContext, containers] of settings)
    embeddedTest(`shows the files where ${name}`, async () => {
      if (silent === undefined) throw new Error('no such cluster');
      const namespace = await makePod({
        image,
        container: { securityContext },
        labels: enforced('restricted'),
        on: silent,
      });
      const ran = await cincScan(silent, scanArgs(namespace, profiles.firstLook, ...debug));
      expect(firstTarget(ran)).toMatchObject({ outcome: 'audited', observation: { view: 'files-only' } });
      expect(passed(ran)).toBe(9);
      const made = await debugContainers(silent, namespace);
      expect(made.map(({ ended }) => ended)).toEqual(Array.from({ length: containers }, () => true));
    });
});

embeddedTest('two containers of one image and one command are told from each other', async () => {
  const namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { one: 'debian', two: 'debian' } });
  const cwd = folderWith(cluster, {
    'plant/inspec.yml': 'name: plant\nversion: 1.0.0\n',
    'plant/controls/a.rb':
      "control('mark') { describe(command('echo two >/mark')) { its('exit_status') { should eq 0 } } }\n",
    'look/inspec.yml': 'name: look\nversion: 1.0.0\n',
    'look/controls/a.rb': "control('mark') { describe(file('/mark')) { it { should exist } } }\n",
  });
  const planted = await cincScan(cluster, scanArgs(namespace, join(cwd, 'plant'), '-c', 'two', '--lens', 'exec'));
  expect(controlStatuses(planted)).toEqual({ mark: 'passed' });
  const seen = async (container: string) =>
    controlStatuses(await cincScan(cluster, scanArgs(namespace, join(cwd, 'look'), '-c', container, ...debug)));
  expect(await seen('two')).toEqual({ mark: 'passed' });
  expect(await seen('one')).toEqual({ mark: 'failed' });
  // Both at once, each with a container of its own beside it.
  const both = await cincScan(cluster, scanArgs(namespace, join(cwd, 'look'), '--all-containers', ...debug));
  expect(readScanJson(both).targets).toMatchObject([
    { outcome: 'audited', observation: { lens: 'debug' } },
    { outcome: 'audited', observation: { lens: 'debug' } },
  ]);
});

describe('rights that lack', () => {
  const debugRule: Rule = {
    apiGroups: [''],
    resources: ['pods/ephemeralcontainers'],
    verbs: ['get', 'patch', 'update'],
  };

  async function scanAs(rules: Rule[], ...more: string[]): Promise<{ ran: Transcript; namespace: string }> {
    const namespace = await makePod({});
    const { kubeconfigPath } = await makeAccount(cluster, namespace, rules);
    const args = [...scanArgs(namespace, profiles.firstLook), '--kubeconfig', kubeconfigPath, ...more];
    return { ran: await cincScan(cluster, args), namespace };
  }

  const forbidden = {
    outcome: 'unreached',
    error: {
      code: 'CLUSTER_FORBIDDEN',
      message: expect.stringMatching(/patch.*pods\/ephemeralcontainers|pods\/ephemeralcontainers.*patch/s),
    },
  };

  embeddedTest('to the operator are an error about rights, and nothing is said of a missing shell', async () => {
    const { ran, namespace } = await scanAs(operatorRules);
    expect(firstTarget(ran)).toMatchObject(forbidden);
    expect(ran.stdout + ran.stderr).not.toMatch(/distroless|no shell|SHELL_MISSING/i);
    expect(await debugContainers(cluster, namespace)).toEqual([]);
    expect(ran.code).toBe(4);
  });

  embeddedTest('to an identity that was given are the same error', async () => {
    const scanner = operatorRules.slice(0, 2);
    const { ran, namespace } = await scanAs(scanner, '--access', 'existing');
    expect(firstTarget(ran)).toMatchObject(forbidden);
    expect(await debugContainers(cluster, namespace)).toEqual([]);
    expect(ran.code).toBe(4);
  });

  embeddedTest('are all that lacked: with them both kinds of identity look inside', async () => {
    const update: Rule = { ...operatorRules[4], verbs: ['create', 'get', 'delete', 'update', 'patch'] } as Rule;
    const granting = await scanAs([...operatorRules.slice(0, 4), update, debugRule]);
    expect({ code: granting.ran.code, target: firstTarget(granting.ran) }).toMatchObject({
      code: 0,
      target: { outcome: 'audited' },
    });
    const given = await scanAs([...operatorRules.slice(0, 2), debugRule], '--access', 'existing');
    expect(given.ran.code).toBe(0);
  });
});

describe('a cluster before Kubernetes 1.25', () => {
  for (const lens of ['debug', 'auto'])
    embeddedTest(
      `is named with its version and what works there, by --lens ${lens}, before any right is given`,
      async () => {
        const namespace = await makePod({ on: old });
        if (old === undefined) throw new Error('no such cluster');
        const ran = await cincScan(old, scanArgs(namespace, profiles.firstLook, '--lens', lens));
        expect(firstTarget(ran)).toMatchObject({
          error: { code: 'LENS_UNAVAILABLE', message: expect.stringMatching(/Kubernetes 1\.25 or later.*v1\.20\.2/) },
        });
        expect(ran.stdout + ran.stderr).toMatch(/sidecar inject/);
        expect(patches(namespace, old)).toEqual([]);
        const roles = old.embedded?.requests
          .all()
          .filter(({ method, path }) => /^(PUT|PATCH)$/.test(method) && path.includes('/roles/'));
        expect(roles).toEqual([]);
        expect(ran.code).toBe(4);
      },
    );
});

describe('faults of an exec stream are told as faults, and no debug container is made', () => {
  const faults: Record<string, Fault['action']> = {
    'a server error': { kind: 'status', code: 500, body: 'planted' },
    'an unavailable server': { kind: 'status', code: 503, body: 'planted' },
    'a refusal': {
      kind: 'status',
      code: 403,
      body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'planted', reason: 'Forbidden', code: 403 },
    },
    'a reset connection': { kind: 'reset' },
    'a connection cut at once': { kind: 'cut', afterBytes: 0 },
  };
  for (const [name, action] of Object.entries(faults))
    embeddedTest(name, async () => {
      const namespace = await makePod({});
      const path = new RegExp(`/${namespace}/pods/web/exec`);
      using fault = cluster.embedded?.faults.add({ match: { path }, action });
      const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook));
      expect(fault?.hits).toBeGreaterThan(0);
      expect(firstTarget(ran)?.outcome).toBe('unreached');
      expect(firstTarget(ran)?.error?.code).not.toMatch(/SHELL_MISSING|LENS_UNAVAILABLE/);
      expect(patches(namespace)).toEqual([]);
      expect(ran.code).toBe(4);
    });

  embeddedTest('no answer within the time that a target may take', async () => {
    const namespace = await makePod({});
    const path = new RegExp(`/${namespace}/pods/web/exec`);
    using fault = cluster.embedded?.faults.add({ match: { path }, action: { kind: 'hold', served: false } });
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, '--timeout', '3s'));
    expect(fault?.hits).toBeGreaterThan(0);
    expect(firstTarget(ran)).toMatchObject({
      outcome: 'unreached',
      error: { code: 'TARGET_TIMEOUT', message: expect.stringContaining('could not be opened within 3 s') },
    });
    expect(patches(namespace)).toEqual([]);
    expect(ran.code).toBe(4);
  });

  embeddedTest('a shell that does not answer', async () => {
    const env = [{ name: 'HOSTILE', value: 'sh=hang' }];
    const namespace = await makePod({ image: 'hostile', container: { env } });
    const ran = await cincScan(cluster, scanArgs(namespace, profiles.firstLook));
    expect(firstTarget(ran)).toMatchObject({ outcome: 'unreached', error: { code: 'TARGET_TIMEOUT' } });
    expect(patches(namespace)).toEqual([]);
    expect(ran.code).toBe(4);
  });
});

/** Kills the process that is a debug container, as the node's memory killer would. */
function killIdle(name: string): void {
  const found = readdirSync('/proc').filter(
    pid =>
      /^\d+$/.test(pid) &&
      readProc(pid, 'cmdline').includes('helper\0idle\0') &&
      readProc(pid, 'environ').includes(`=${name}\0`),
  );
  expect(found).toHaveLength(1);
  process.kill(Number(found[0]), 'SIGKILL');
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

describe('a debug container', () => {
  embeddedTest('whose image cannot be pulled is waited for as long as a node takes to say so', async () => {
    if (slow === undefined) throw new Error('no such cluster');
    const namespace = await makePod({ on: slow });
    const args = ['scan', 'web', '-n', namespace, '-p', profiles.firstLook, '--lens-image', 'cinc-scan.test/none:1'];
    const ran = await cincScan(slow, args);
    expect(firstTarget(ran)).toMatchObject({
      error: { code: 'LENS_UNAVAILABLE', message: expect.stringMatching(/ErrImagePull|ImagePullBackOff/) },
    });
    expect(ran.code).toBe(4);
  });

  embeddedTest('that dies in the middle makes the target unreached, with no finding', async () => {
    const namespace = await makePod({ image: 'debian' });
    const running = startCincScan(cluster, scanArgs(namespace, profiles.slow, ...debug, '-v'));
    await running.line(/✓ step 1 /);
    const [container] = await debugContainers(cluster, namespace);
    killIdle(container?.name ?? '');
    const ran = await running.ended;
    expect(firstTarget(ran)).toMatchObject({
      outcome: 'unreached',
      error: { code: expect.stringMatching(/^TARGET_LOST$/) },
    });
    expect(ran.code).toBe(4);
  });

  embeddedTest('goes with its pod: the target is unreached, with no finding', async () => {
    const namespace = await makePod({ image: 'debian' });
    const running = startCincScan(cluster, scanArgs(namespace, profiles.slow, ...debug, '-v'));
    await running.line(/✓ step 1 /);
    await cluster.api.call('DELETE', `/api/v1/namespaces/${namespace}/pods/web?gracePeriodSeconds=0`);
    const ran = await running.ended;
    expect(firstTarget(ran)).toMatchObject({
      outcome: 'unreached',
      error: { code: expect.stringMatching(/^TARGET_(LOST|CHANGED)$/) },
    });
    expect(ran.code).toBe(4);
  });

  embeddedTest('ends with a run that is cancelled', async () => {
    const namespace = await makePod({ image: 'debian' });
    const running = startCincScan(cluster, scanArgs(namespace, profiles.slow, ...debug, '-v'));
    await running.line(/✓ step 1 /);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await debugContainers(cluster, namespace)).toMatchObject([{ ended: true }]);
  });

  embeddedTest('of ours that still lives is used again, and the last one to look from it ends it', async () => {
    const namespace = await makePod({ image: 'debian' });
    const first = startCincScan(cluster, scanArgs(namespace, profiles.slow, ...debug, '-v'));
    await first.line(/✓ step 1 /);
    const second = await cincScan(cluster, scanArgs(namespace, profiles.firstLook, ...debug));
    const [made, ...more] = await debugContainers(cluster, namespace);
    expect({ made, more }).toMatchObject({ made: { ended: false }, more: [] });
    expect(firstTarget(second)).toMatchObject({ outcome: 'audited', observation: { leftBehind: made?.name } });
    const ran = await first.ended;
    expect(firstTarget(ran)).toMatchObject({ outcome: 'audited', observation: { leftBehind: made?.name } });
    expect(await debugContainers(cluster, namespace)).toMatchObject([{ name: made?.name, ended: true }]);
  });
});
