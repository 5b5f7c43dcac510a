// SPDX-License-Identifier: Apache-2.0
// The pods of the table: some that the profile finds nothing in, some with a defect for each of its controls.
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { podBody, postPod, testImage, until, untilRunning } from '@cinc-scan/testkit';
import { dump, load } from 'js-yaml';
import { cincScan } from '../support/cinc-scan.ts';
import type { TestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

export interface Wanted {
  image: string;
  container?: Record<string, unknown>;
  spec?: Record<string, unknown>;
}

const hardened = {
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  resources: { limits: { memory: '128Mi' } },
  volumeMounts: [{ name: 'scratch', mountPath: '/tmp' }],
};

const quiet = {
  automountServiceAccountToken: false,
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  volumes: [{ name: 'scratch', emptyDir: {} }],
};

// A listener on a port for administration and one for a debugger, with a password as its argument; a program that runs
// from a folder for temporary files and is deleted; a shell that stays.
const script = `
umask 000; ulimit -c unlimited
cp /bin/sleep /tmp/miner; /tmp/miner 100000 & miner=$!
until [ "$(readlink /proc/$miner/exe)" = /tmp/miner ]; do :; done; rm /tmp/miner
sh -c 'sleep 100000; :' &
perl -MIO::Socket::INET -e '
  @open = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "0.0.0.0", LocalPort => $_) or die "$_: $!" } 22, 9229;
  open(my $ready, ">", "/host/data/ready-$ENV{HOSTNAME}"); close($ready); sleep 100000' -- --password=planted-secret &
exec /usr/bin/catatonit -P`;

/** Root, with what a container has that asks for nothing, and with folders and a socket of the node. */
const careless = (data: string): Wanted => ({
  image: 'baseline-defects',
  container: {
    command: ['/bin/sh', '-c', script],
    env: [{ name: 'DATABASE_PASSWORD', value: 'planted-secret' }],
    volumeMounts: [
      { name: 'etc', mountPath: '/host/etc', readOnly: true },
      { name: 'sys', mountPath: '/host/sys' },
      { name: 'legacy', mountPath: '/var/run/secrets/legacy', readOnly: true },
      { name: 'data', mountPath: '/host/data' },
      { name: 'socket', mountPath: '/var/run/docker.sock' },
    ],
  },
  spec: {
    volumes: [
      { name: 'etc', hostPath: { path: '/etc' } },
      // A privileged container has its own /sys writable, but the kernel keeps it as the sandbox mounted it: read-only.
      { name: 'sys', hostPath: { path: '/sys' } },
      { name: 'legacy', secret: { secretName: 'legacy' } },
      { name: 'data', hostPath: { path: join(data, 'data') } },
      { name: 'socket', hostPath: { path: join(data, 'docker.sock') } },
    ],
  },
});

/** Not root, so that a debug container may enter it; all the rest is open. */
const privileged: Wanted = {
  image: 'debian',
  container: { securityContext: { privileged: true, runAsUser: 4711, runAsGroup: 4711 } },
};

export interface Pods extends AsyncDisposable {
  namespace: string;
}

/** Makes them all: `NAME` for exec and debug, `NAME-sidecar` with a scanner container injected. */
export async function makePods(cluster: TestCluster): Promise<Pods> {
  const namespace = await cluster.namespace();
  await cluster.api.call('POST', `/api/v1/namespaces/${namespace}/secrets`, legacyToken(namespace));
  const data = join(cluster.folder, 'node');
  mkdirSync(join(data, 'data'), { recursive: true });
  const server = createServer(socket => socket.end());
  await new Promise<void>(resolve => server.listen(join(data, 'docker.sock'), resolve));
  const hostPID = { hostPID: true };
  const wanted: Record<string, Wanted> = {
    'clean-shell': { image: 'baseline-nonroot-shell', container: hardened, spec: quiet },
    clean: { image: 'baseline-nonroot', container: hardened, spec: quiet },
    'clean-root': { image: 'baseline-nonroot', container: { securityContext: { runAsUser: 0 } } },
    careless: careless(data),
    privileged: { ...privileged, spec: hostPID },
  };
  const injected = { clean: wanted['clean'], 'clean-root': wanted['clean-root'], careless: careless(data), privileged };
  const bodies = Object.entries(wanted).map(([each, one]) => toBody(each, namespace, one));
  for (const [each, one] of Object.entries(injected))
    if (one !== undefined) bodies.push(await inject(cluster, toBody(`${each}-sidecar`, namespace, one)));
  for (const body of bodies) await postPod(cluster.api, namespace, body);
  for (const { metadata } of bodies) await untilRunning(cluster.api, namespace, metadata.name);
  for (const pod of ['careless', 'careless-sidecar'])
    await until(`the processes of ${pod}`, () => Promise.resolve(existsSync(join(data, 'data', `ready-${pod}`))));
  return {
    namespace,
    async [Symbol.asyncDispose]() {
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** As accounts had before Kubernetes 1.24: without an end. It opens nothing. */
function legacyToken(namespace: string): object {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const token = [{ alg: 'RS256' }, { iss: 'kubernetes/serviceaccount', sub: 'legacy' }, {}].map(encode).join('.');
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'legacy', namespace }, stringData: { token } };
}

type Body = ReturnType<typeof podBody>;

export const toBody = (name: string, namespace: string, { image, container, spec }: Wanted): Body =>
  podBody({
    name,
    namespace,
    containers: { app: image },
    ...(container !== undefined && { container }),
    ...(spec !== undefined && { spec }),
  });

/** By the command line, as a user would. */
export async function inject(cluster: TestCluster, body: Body): Promise<Body> {
  const cwd = folderWith(cluster, { 'pod.yaml': dump(body) });
  const ran = await cincScan(cluster, ['sidecar', 'inject', '-f', 'pod.yaml', '--image', testImage('tools')], { cwd });
  if (ran.code !== 0) throw new Error(`${body.metadata.name} was not injected: ${ran.stderr}`);
  return load(ran.stdout) as Body;
}
