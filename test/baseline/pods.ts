// SPDX-License-Identifier: Apache-2.0
// The pods of the table: some that the profile finds nothing in, some with a defect for each of its controls.
import { podBody, postPod, until, untilRunning } from '@cinc-scan/testkit';
import type { TestCluster } from '../support/cluster.ts';
import { inject } from '../support/inject.ts';
import { kubectl } from '../support/kubectl.ts';

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

// A listener on a port for administration and one for a debugger, with a password as its argument, and one on the socket
// of a container runtime; a program that runs from a folder for temporary files and is deleted; a shell that stays.
const script = `
umask 000; ulimit -c unlimited
cp /bin/sleep /tmp/miner; /tmp/miner 100000 & miner=$!
until [ "$(readlink /proc/$miner/exe)" = /tmp/miner ]; do :; done; rm /tmp/miner
sh -c 'sleep 100000; :' &
perl -MIO::Socket::INET -MIO::Socket::UNIX -e '
  @open = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "0.0.0.0", LocalPort => $_) or die "$_: $!" } 22, 9229;
  push @open, IO::Socket::UNIX->new(Listen => 1, Local => "/var/run/docker.sock") or die "docker.sock: $!";
  open(my $ready, ">", "/run/ready"); close($ready); sleep 100000' -- --password=planted-secret &
exec /usr/bin/catatonit -P`;

/** Root, with what a container has that asks for nothing, and with folders that any node has. */
const careless: Wanted = {
  image: 'baseline-defects',
  container: {
    command: ['/bin/sh', '-c', script],
    env: [{ name: 'DATABASE_PASSWORD', value: 'planted-secret' }],
    volumeMounts: [
      { name: 'etc', mountPath: '/host/etc', readOnly: true },
      { name: 'sys', mountPath: '/host/sys' },
      { name: 'legacy', mountPath: '/var/run/secrets/legacy', readOnly: true },
      { name: 'data', mountPath: '/host/data' },
    ],
  },
  spec: {
    volumes: [
      { name: 'etc', hostPath: { path: '/etc' } },
      // A privileged container has its own /sys writable, but the kernel keeps it as the sandbox mounted it: read-only.
      { name: 'sys', hostPath: { path: '/sys' } },
      { name: 'legacy', secret: { secretName: 'legacy' } },
      { name: 'data', hostPath: { path: '/srv' } },
    ],
  },
};

/** Not root, so that a debug container may enter it; all the rest is open. */
const privileged: Wanted = {
  image: 'debian',
  container: { securityContext: { privileged: true, runAsUser: 4711, runAsGroup: 4711 } },
};

/** Makes them all: `NAME` for exec and debug, `NAME-sidecar` with a scanner container injected. */
export async function makePods(cluster: TestCluster): Promise<{ namespace: string }> {
  const namespace = await cluster.namespace();
  await cluster.api.call('POST', `/api/v1/namespaces/${namespace}/secrets`, legacyToken(namespace));
  const hostPID = { hostPID: true };
  const wanted: Record<string, Wanted> = {
    'clean-shell': { image: 'baseline-nonroot-shell', container: hardened, spec: quiet },
    clean: { image: 'baseline-nonroot', container: hardened, spec: quiet },
    careless,
    privileged: { ...privileged, spec: hostPID },
  };
  const injected = { clean: wanted['clean'], careless, privileged };
  const bodies = Object.entries(wanted).map(([each, one]) => toBody(each, namespace, one));
  for (const [each, one] of Object.entries(injected))
    if (one !== undefined) bodies.push((await inject(cluster, toBody(`${each}-sidecar`, namespace, one))) as Body);
  for (const body of bodies) await postPod(cluster.api, namespace, body);
  for (const { metadata } of bodies) await untilRunning(cluster.api, namespace, metadata.name);
  for (const pod of ['careless', 'careless-sidecar'])
    await until(`the processes of ${pod}`, () => isReady(cluster, namespace, pod));
  return { namespace };
}

async function isReady(cluster: TestCluster, namespace: string, pod: string): Promise<boolean> {
  const args = ['exec', pod, '-n', namespace, '-c', 'app', '--', 'test', '-e', '/run/ready'];
  return (await kubectl(cluster, cluster.kubeconfigPath, args)).code === 0;
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
