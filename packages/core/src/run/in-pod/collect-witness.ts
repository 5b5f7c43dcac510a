// SPDX-License-Identifier: Apache-2.0
// Whether another container of a pod could have written what a scanner in it has left. The pod's manifest says it, which no
// container can change; the results themselves cannot.
import * as z from 'zod';
import { apiPath, type Cluster, parseAnswer } from '../../cluster/index.ts';

const container = z.object({
  name: z.string(),
  securityContext: z
    .object({
      privileged: z.boolean().nullish(),
      capabilities: z.object({ add: z.array(z.string()).nullish(), drop: z.array(z.string()).nullish() }).nullish(),
    })
    .nullish(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).nullish(),
});
type MountingContainer = z.infer<typeof container>;

const pod = z.object({
  spec: z.object({
    hostPID: z.boolean().nullish(),
    shareProcessNamespace: z.boolean().nullish(),
    containers: z.array(container),
    initContainers: z.array(container).nullish(),
    ephemeralContainers: z.array(container).nullish(),
  }),
});

export interface Results {
  namespace: string;
  pod: string;
  /** The container that scans. */
  container: string;
  /** Of the results, in that container. */
  folder: string;
}

/** The first container that could have written the results, if one could. */
export async function otherWriter(cluster: Cluster, results: Results): Promise<string | undefined> {
  const what = `pod ${results.namespace}/${results.pod}`;
  const path = apiPath('api/v1/namespaces', results.namespace, 'pods', results.pod);
  const { spec } = parseAnswer(await cluster.call({ method: 'GET', path }, what), pod, what);
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const own = all.find(({ name }) => name === results.container);
  const others = all.filter(({ name }) => name !== results.container);
  if (own === undefined) return others[0]?.name;
  const volume = volumeOf(own, results.folder);
  const sharesProcesses = spec.shareProcessNamespace === true || spec.hostPID === true;
  const joined = new Set(spec.ephemeralContainers?.map(({ name }) => name));
  return others.find(
    other => mounts(other, volume) || ((sharesProcesses || joined.has(other.name)) && reaches(other, own)),
  )?.name;
}

function volumeOf({ volumeMounts }: MountingContainer, folder: string): string | undefined {
  const around = (volumeMounts ?? []).filter(({ mountPath }) => `${folder}/`.startsWith(`${mountPath}/`));
  return around.toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0]?.name;
}

const mounts = ({ volumeMounts }: MountingContainer, volume: string | undefined): boolean =>
  volume !== undefined && (volumeMounts ?? []).some(({ name }) => name === volume);

// What containerd and Docker give a container that asks for nothing; CRI-O gives fewer.
const usual =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

const names = (list: string[] | null | undefined): string[] =>
  (list ?? []).map(name => name.toUpperCase().replace(/^CAP_/, ''));

/** Linux shows a process to those that have each of its capabilities, or SYS_PTRACE (ptrace(2)). */
function reaches(other: MountingContainer, own: MountingContainer): boolean {
  const { add, drop } = capabilitiesOf(other);
  if (other.securityContext?.privileged === true) return true;
  if (add.some(name => ['ALL', 'SYS_PTRACE', 'SYS_ADMIN'].includes(name))) return true;
  const ours = capabilitiesOf(own);
  const isGuarded = ours.add.some(name => !usual.includes(name) && !add.includes(name));
  const hasLess = drop.includes('ALL') && !add.includes('SETUID') && ours.drop.length === 0;
  return !isGuarded && !hasLess;
}

function capabilitiesOf({ securityContext }: MountingContainer): { add: string[]; drop: string[] } {
  const { add, drop } = securityContext?.capabilities ?? {};
  return { add: names(add), drop: names(drop) };
}
