// SPDX-License-Identifier: Apache-2.0
// What keeps a pod from running its scan, as the objects of the cluster say it.
import { ScanError } from '@cinc-scan/core';
import type { Standing } from '../../queue/tickets.ts';
import type { Seen, SeenPod } from './job-api.ts';

/** Which Job, for how long it has been there, and how long a pod may take to begin. */
interface Waited {
  name: string;
  seconds: number;
  patienceSeconds: number;
}

/** What does not pass by waiting. */
const stuck: Record<string, string> = {
  ImagePullBackOff: 'Check --job-image, and that the nodes may pull it.',
  ErrImageNeverPull: 'Load the image onto the nodes, or let them pull it (--job-pull-policy).',
  InvalidImageName: 'Correct --job-image.',
  CreateContainerConfigError:
    'The image has to name a user that is not root, by its number; the message says what else is wrong.',
  CreateContainerError: 'Check that the image is one of cinc-scan-service.',
  RunContainerError: 'Check that the image is one of cinc-scan-service.',
};

/** undefined: nothing is wrong yet. */
export function troubleOf(seen: Seen, standing: Standing, waited: Waited): ScanError | undefined {
  return standing.kind === 'taken' ? lossOf(seen, standing.by, waited) : delayOf(seen, waited);
}

/** Of a pod that has the scan. */
function lossOf({ job, pods }: Seen, by: string, { name }: Waited): ScanError | undefined {
  const pod = pods.find(({ metadata }) => metadata.name === by);
  if (pod !== undefined && !hasEnded(pod)) return undefined;
  const late = failureOf(job)?.reason === 'DeadlineExceeded';
  const how = late ? 'it ran longer than the deadline of the scan allows' : pod && endOf(pod);
  const remedy = pod && isOutOfMemory(pod) ? 'Give pods more memory (--job-memory), or scan less at once.' : undefined;
  return new ScanError('JOB_LOST', `Pod ${by} of Job ${name}: ${how ?? 'it was deleted'}`, {
    ...(remedy && { remedy }),
  });
}

/** Of a pod that has not taken the scan. */
function delayOf({ job, pods }: Seen, waited: Waited): ScanError | undefined {
  const { name } = waited;
  if (job === undefined) return unstarted(`Job ${name} was deleted before its pod began`);
  const hopeless = pods.map(pod => hopelessnessOf(pod, name)).find(each => each !== undefined);
  if (hopeless !== undefined) return hopeless;
  const failure = failureOf(job);
  if (failure !== undefined) return unstarted(`Job ${name}: ${textOf(failure)}`);
  return waited.seconds > waited.patienceSeconds ? unstarted(reasonOf(pods, waited)) : undefined;
}

/** Of a pod that will not begin, however long it is waited for. */
function hopelessnessOf(pod: SeenPod, job: string): ScanError | undefined {
  const waiting = waitingOf(pod);
  const remedy = stuck[waiting?.reason ?? ''];
  if (waiting !== undefined && remedy !== undefined) return unstarted(`${of(pod, job)}: ${textOf(waiting)}`, remedy);
  return hasEnded(pod) ? unstarted(`${of(pod, job)} ended before it began the scan: ${endOf(pod)}`) : undefined;
}

const mostText = 500;

interface Said {
  reason?: string | undefined;
  message?: string | undefined;
}

const textOf = ({ reason, message }: Said): string =>
  [reason, message?.slice(0, mostText)].filter(text => text !== undefined && text !== '').join(': ');

const unstarted = (message: string, remedy?: string) =>
  new ScanError('JOB_UNSTARTED', message, { ...(remedy !== undefined && { remedy }) });

const of = ({ metadata }: SeenPod, job: string) => `Pod ${metadata.name} of Job ${job}`;

function reasonOf([pod]: SeenPod[], { name, seconds }: Waited): string {
  const after = `after ${Math.round(seconds)} s`;
  if (pod === undefined)
    return `Job ${name} has no pod ${after}: a quota or an admission rule may forbid it (kubectl describe job)`;
  const placed = pod.status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (placed?.status === 'False') return `${of(pod, name)} has no node ${after}: ${placed.message ?? placed.reason}`;
  const waiting = waitingOf(pod) ?? { reason: pod.status.phase ?? 'unknown' };
  return `${of(pod, name)} has not begun the scan ${after}: ${textOf(waiting)}`;
}

const failureOf = (job: Seen['job']) =>
  job?.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');

const waitingOf = ({ status }: SeenPod) => status.containerStatuses?.[0]?.state.waiting;

const terminatedOf = ({ status }: SeenPod) => status.containerStatuses?.[0]?.state.terminated;

const hasEnded = ({ status }: SeenPod): boolean => status.phase === 'Failed' || status.phase === 'Succeeded';

const isOutOfMemory = (pod: SeenPod): boolean => terminatedOf(pod)?.reason === 'OOMKilled';

function endOf(pod: SeenPod): string {
  if (pod.status.reason !== undefined) return textOf(pod.status); // as Evicted
  const end = terminatedOf(pod);
  if (end === undefined) return 'it ended without a status';
  if (isOutOfMemory(pod)) return 'it needed more memory than it may have (OOMKilled)';
  const said = lastErrorIn(end.message ?? '');
  return `it ended with status ${end.exitCode ?? 'unknown'}${said === undefined ? '' : `: ${said}`}`;
}

/** Of its last words the error that the program told, and nothing that others wrote. */
const lastErrorIn = (text: string): string | undefined => /^[A-Z_]{4,}: .{1,500}/m.exec(text)?.[0];
