// SPDX-License-Identifier: Apache-2.0
import { testImage } from '@cinc-scan/testkit';
import { type HdfJson, readHdf, type Transcript } from './cinc-scan.ts';
import type { TestCluster } from './cluster.ts';

/** Pod settings that the level `restricted` of Pod Security allows. */
export const restricted = {
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

export const enforced = (level: string) => ({ 'pod-security.kubernetes.io/enforce': level });

/** Arguments of a scan of the pod `web` that may use the tools image. */
export const scanArgs = (namespace: string, profile: string, ...more: string[]): string[] => [
  'scan',
  'web',
  ...Object.entries({ '-n': namespace, '-p': profile, '--lens-image': testImage('tools') }).flat(),
  ...more,
];

/** Status of each control, as the gate counts them: the worst of its results. */
export function controlStatuses(ran: Transcript): Record<string, string> {
  const rank = ['passed', 'skipped', 'failed'];
  const worst = (results: HdfJson['profiles'][0]['controls'][0]['results']) =>
    rank.findLast(status => results.some(each => each.status === status)) ?? 'none';
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  return Object.fromEntries(controls.map(({ id, results }) => [id, worst(results)]));
}

export const idsOf = (found: Record<string, string>, status: string): string[] =>
  Object.keys(found)
    .filter(id => found[id] === status)
    .toSorted();

export interface DebugContainer {
  name: string;
  ended: boolean;
}

/** The ephemeral containers of the pod `web`. */
export async function debugContainers({ api }: TestCluster, namespace: string): Promise<DebugContainer[]> {
  const { status } = await api.call('GET', `/api/v1/namespaces/${namespace}/pods/web`);
  const found = (status?.['ephemeralContainerStatuses'] ?? []) as { name: string; state: { terminated?: object } }[];
  return found.map(({ name, state }) => ({ name, ended: state.terminated !== undefined }));
}
