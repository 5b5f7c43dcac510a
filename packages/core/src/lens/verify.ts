// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Cluster, parseAnswer, toRefusal } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { containerStatusOf, type Pod, podShape, type Target, targetName } from '../plan/index.ts';

/** The pod of a target, provided that pod and container are still the planned ones: names are used again, uids and ids are not. */
export async function getUnchangedPod(scanner: Cluster, target: Target): Promise<Pod> {
  const { namespace, pod, podUid, container, containerId, restartCount } = target;
  const what = `pod ${namespace}/${pod}`;
  const answer = await scanner.send({ method: 'GET', path: apiPath('api/v1/namespaces', namespace, 'pods', pod) });
  if (answer.status === 404)
    throw new ScanError('TARGET_CHANGED', `Pod ${namespace}/${pod} was deleted during the scan`);
  if (answer.status !== 200) throw toRefusal(answer, what);
  const now = parseAnswer(answer, podShape, what);
  const status = containerStatusOf(now, container);
  if (now.metadata.uid !== podUid)
    throw new ScanError('TARGET_CHANGED', `Pod ${namespace}/${pod} was replaced by another of the same name`);
  // Long before it is gone: what ends in between would look like a loss, and what answers still is on its way out.
  if (now.metadata.deletionTimestamp != null)
    throw new ScanError('TARGET_CHANGED', `Pod ${namespace}/${pod} is being deleted`);
  if (status?.containerID !== containerId || status.restartCount !== restartCount)
    throw new ScanError('TARGET_CHANGED', `Container ${targetName(target)} was restarted during the scan`);
  return now;
}
