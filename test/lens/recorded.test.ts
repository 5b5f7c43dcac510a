// SPDX-License-Identifier: Apache-2.0
// What debug containers with 30 settings met on a real Kubernetes, met again by the lens itself: who may enter a
// target, and who may read and write in it.
import { readFileSync } from 'node:fs';
import { podBody, testImage, until, untilRunning } from '@cinc-scan/testkit';
import { afterAll, expect } from '@jest/globals';
import { connect } from '../../packages/core/src/cluster/index.ts';
import { isScanError } from '../../packages/core/src/errors/index.ts';
import { type OpenTarget, openTarget, tools } from '../../packages/core/src/lens/index.ts';
import { parseSelector, plan, type Target } from '../../packages/core/src/plan/index.ts';
import { root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { enforced, restricted } from '../support/lens-scan.ts';

interface Row {
  /** Namespace and pod. */
  name: string;
  securityContext?: object;
  refused?: string;
  inside?: { see: string };
}

const rows = JSON.parse(readFileSync(`${root}packages/testkit/fixtures/kubernetes/lens.json`, 'utf8')) as Row[];
const cluster = await openTestCluster();
const connection = await connect({ access: { kind: 'file', path: cluster.kubeconfigPath } });

afterAll(() => {
  connection.close();
  return cluster.close();
});

const labels: Record<string, Record<string, string>> = {
  lens: {},
  base: enforced('baseline'),
  strict: enforced('restricted'),
};

const security = (securityContext: object) => ({ container: { securityContext } });
const pods: Record<string, { images?: Record<string, string>; container?: object; spec?: object }> = {
  root: {},
  nonroot: { images: { app: 'distroless-nonroot' } },
  'strict/nonroot': { images: { app: 'distroless-nonroot' }, container: restricted },
  'strict/uid1000': security({ ...restricted.securityContext, runAsUser: 1000, runAsGroup: 1000 }),
  ro: security({ readOnlyRootFilesystem: true }),
  drop: security({ capabilities: { drop: ['ALL'] } }),
  seccomp: security({ seccompProfile: { type: 'RuntimeDefault' } }),
  netadmin: security({ capabilities: { add: ['NET_ADMIN'] } }),
  priv: security({ privileged: true }),
  hostpid: { spec: { hostPID: true } },
  shared: { spec: { shareProcessNamespace: true } },
  twins: { images: { app: 'distroless', twin: 'distroless' } },
  bbx: { images: { app: 'busybox' } },
};

async function makeTarget({ name }: Row): Promise<Target> {
  const [level = '', kind = ''] = name.split('/');
  const namespace = await cluster.namespace(labels[level]);
  const { images = { app: 'distroless' }, container = {}, spec = {} } = pods[name] ?? pods[kind] ?? {};
  const body = podBody({ name: 'web', namespace, containers: images, container: { ...container }, spec: { ...spec } });
  await cluster.api.call('POST', `/api/v1/namespaces/${namespace}/pods`, body);
  await untilRunning(cluster.api, namespace, 'web');
  const found = await plan(connection.cluster, {
    selectors: [parseSelector('web')],
    namespaces: [namespace],
    container: 'app',
    allContainers: false,
    allowEmpty: false,
  });
  const [target] = found.targets;
  if (target === undefined) throw new Error(`no target for ${name}`);
  return target;
}

const inAnHour = () => new Date(Date.now() + 3_600_000);

/** As the lens would have made it, with the settings of the recording: the lens uses one of ours that lives. */
async function addContainer({ namespace }: Target, { securityContext }: Row) {
  const name = 'cinc-scan-recorded';
  const command = [tools.helper, 'idle', '--ignore-stdin', '--until', String((inAnHour().getTime() / 1000 + 60) | 0)];
  const settings = { ...securityContext, readOnlyRootFilesystem: true };
  const container = { name, image: testImage('tools'), command, targetContainerName: 'app', securityContext: settings };
  const pod = `/api/v1/namespaces/${namespace}/pods/web`;
  const { status, body } = await cluster.api.send('PATCH', `${pod}/ephemeralcontainers`, {
    spec: { ephemeralContainers: [container] },
  });
  if (status !== 200) return body.message ?? '';
  await until('the debug container', async () => {
    const { status: now } = await cluster.api.call('GET', pod);
    const [seen] = (now?.['ephemeralContainerStatuses'] ?? []) as { state: { running?: object } }[];
    return seen?.state.running !== undefined;
  });
  return undefined;
}

const look = '{ cat /etc/abs-release | head -1; cat /etc/root-only; touch /tmp/x && echo can-write; } 2>&1; true';

/** In the words of the recording, without the user: the lens answers with the target's. */
async function see(target: Target): Promise<string> {
  let open: OpenTarget;
  try {
    open = await openTarget(connection.cluster, target, {
      lens: 'debug',
      image: testImage('tools'),
      requireView: 'any',
      runId: 'recorded',
      timeoutMs: 60_000,
      deadline: inAnHour(),
      allowDebug: () => Promise.resolve(),
    });
  } catch (error) {
    if (!isScanError(error) || error.code !== 'LENS_UNAVAILABLE') throw error;
    const [, step = '', reason] = /: (open-root|search-root|chroot) ([A-Z][a-z ]+)/.exec(error.message) ?? [];
    return `${step.replace('-', ' ')}: ${reason?.trim()}`;
  }
  await using session = open;
  expect(session).toMatchObject({ lens: 'debug', leftBehind: 'cinc-scan-recorded' });
  if (session.view === 'files-only') return await seeFiles(session);
  const { stdout } = await session.session.run(look);
  return stdout.toString().replaceAll(/\s+/g, ' ').trim();
}

/** Files can be read all the same, those of the target and as its user may. */
async function seeFiles({ session, filesOf }: OpenTarget): Promise<string> {
  const read = async (path: string) => {
    const place = `--pid ${filesOf?.pid} --starttime ${filesOf?.startTime}`;
    const { status, stdout } = await session.run(`${tools.helper} file ${place} -- cat ${path}`);
    return status === 0 ? stdout.toString().split('\n')[0] : 'closed';
  };
  expect([await read('/etc/abs-release'), await read('/etc/root-only')]).toEqual([
    'PRETTY_NAME="Distroless"',
    'closed',
  ]);
  return 'chroot: Operation not permitted';
}

const anyName = (text: string) =>
  text.replaceAll(/container "[^"]+"/g, 'container "…"').replace(/^pods "[^"]+"/, 'pods "…"');

embeddedTest(
  'every recorded combination of target and settings',
  async () => {
    expect(rows).toHaveLength(30);
    for (const row of rows) {
      const name = `${row.name} ${JSON.stringify(row.securityContext)}`;
      const target = await makeTarget(row);
      const refused = await addContainer(target, row);
      expect({ name, refused: refused && anyName(refused) }).toEqual({
        name,
        refused: row.refused && anyName(row.refused),
      });
      if (refused === undefined)
        expect({ name, see: await see(target) }).toEqual({ name, see: row.inside?.see.replace(/^0 /, '') });
    }
  },
  300_000,
);
