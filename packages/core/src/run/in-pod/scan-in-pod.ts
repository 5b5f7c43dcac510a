// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../../errors/index.ts';
import { perTargetKey } from '../../request/index.ts';
import { performScan, type Scan } from '../scan.ts';
import type { Deps, ScanRequest } from '../scan-request.ts';
import { type OwnPod, OwnPodSite } from './own-pod-site.ts';

/** Scans other containers of our own pod. Throws a ScanError only where nothing was looked at for a mistake of the user. */
export function scanInPod(request: ScanRequest, pod: OwnPod, deps: Deps): Promise<Scan> {
  refuseUntold(request);
  return performScan(inPod(request), deps, () => Promise.resolve(new OwnPodSite(pod)));
}

/** Its containers are named where the scanner is started, which wins over the file. */
function inPod(request: ScanRequest): ScanRequest {
  const { containers = [] } = request.plan;
  const perTarget = request.perTarget
    .map(each => ({ ...each, container: undefined }))
    .filter(({ profile }) => profile !== undefined);
  const warning = `${perTargetKey}: container is ignored, since an in-pod scanner is given its containers`;
  return { ...request, perTarget, warnings: [...request.warnings, ...(containers.length > 0 ? [warning] : [])] };
}

/** What only the API server knows of a pod would match nothing here, and so be passed over. */
function refuseUntold({ annotated, gate: { threshold }, waivers, perTarget }: ScanRequest): void {
  if (annotated.length > 0)
    throw new ScanError(
      'USAGE',
      'annotated-profiles: an in-pod scanner cannot read annotations; pass --profile instead',
    );
  const matches = {
    threshold: threshold !== undefined && 'entries' in threshold ? threshold.entries.map(({ match }) => match) : [],
    [perTargetKey]: perTarget.map(({ match }) => match),
    waivers: waivers.flatMap(file => file.waivers.flatMap(({ targets }) => targets)),
  };
  for (const [input, list] of Object.entries(matches))
    if (list.some(({ labels }) => labels !== undefined))
      throw new ScanError('USAGE', `${input}: an in-pod scanner cannot read labels; match by container or workload`);
}
