// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { apiPath, type Cluster, parseAnswer, toRefusal } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import {
  type ContainerStatus,
  containerNames,
  containerStatusOf,
  ownerOf,
  type Pod,
  podList,
  podShape,
  whyNotRunning,
} from './pod.ts';
import { type Selector, workloadKinds } from './selector.ts';
import type { MissingTarget, Target } from './target.ts';

export interface PlanRequest {
  selectors: Selector[];
  namespaces: string[];
  container: string | undefined;
  allContainers: boolean;
  allowEmpty: boolean;
}

/** A target that was named and cannot be scanned. */
export interface Unplanned {
  target: Target | MissingTarget;
  error: ScanError;
}

export interface Plan {
  targets: Target[];
  unplanned: Unplanned[];
}

/** Resolves selectors to the containers that run now. What was named and is not there is kept, never dropped. */
export async function plan(cluster: Cluster, request: PlanRequest): Promise<Plan> {
  const found: Plan = { targets: [], unplanned: [] };
  for (const namespace of request.namespaces)
    for (const selector of request.selectors) await resolve({ cluster, request, namespace, found }, selector);
  const seen = new Set<string>();
  return {
    ...found,
    targets: found.targets.filter(({ podUid, container }) => seen.size !== seen.add(`${podUid}/${container}`).size),
  };
}

/** The pod of a target as it is now. */
export async function getPod(cluster: Cluster, namespace: string, name: string): Promise<Pod> {
  const what = `pod ${namespace}/${name}`;
  const answer = await cluster.call(
    { method: 'GET', path: apiPath('api/v1/namespaces', namespace, 'pods', name) },
    what,
  );
  return parseAnswer(answer, podShape, what);
}

interface Planning {
  cluster: Cluster;
  request: PlanRequest;
  namespace: string;
  found: Plan;
}

async function resolve(planning: Planning, selector: Selector): Promise<void> {
  const { cluster, namespace, request, found } = planning;
  const missing: MissingTarget = { cluster: cluster.alias, namespace, selector: selector.text };
  let pods: Pod[];
  try {
    pods = await podsOf(planning, selector);
  } catch (error) {
    if (!isScanError(error) || error.code !== 'TARGET_NOT_FOUND') throw error;
    found.unplanned.push({ target: missing, error: notFound(missing, error) });
    return;
  }
  if (pods.length === 0 && !request.allowEmpty)
    throw new ScanError('NO_TARGETS', `${selector.text} matches no running pod in namespace "${namespace}"`);
  for (const pod of pods) for (const name of chosenContainers(pod, request)) addContainer(planning, pod, name);
}

function notFound({ namespace, selector }: MissingTarget, cause: ScanError): ScanError {
  return new ScanError('TARGET_NOT_FOUND', `There is no ${selector} in namespace "${namespace}"`, {
    cause,
    remedy: `List what is there: kubectl get ${selector.split('/')[0]}s -n ${namespace}`,
  });
}

async function podsOf(planning: Planning, selector: Selector): Promise<Pod[]> {
  const { cluster, namespace } = planning;
  switch (selector.kind) {
    case 'pod':
      return [await getPod(cluster, namespace, selector.name)];
    case 'labels':
      return (await listPods(planning, selector.labels)).filter(isLasting);
    case 'workload': {
      const pods = await listPods(planning, await workloadLabels(planning, selector));
      const { kind } = workloadKinds[selector.workload];
      return pods.filter(pod => isLasting(pod) && belongsTo(pod, kind, selector.name));
    }
  }
}

/** Ended and leaving pods hold no running container: a rollout or a finished job is no gap in the look. */
function isLasting(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp == null && pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed';
}

function belongsTo(pod: Pod, kind: string, name: string): boolean {
  const owner = ownerOf(pod);
  const direct = pod.metadata.ownerReferences?.some(
    each => each.controller === true && each.kind === kind && each.name === name,
  );
  return direct === true || (owner.kind === kind && owner.name === name);
}

const selectorShape = z.object({
  spec: z.object({
    selector: z.object({
      matchLabels: z.record(z.string(), z.string()).nullish(),
      matchExpressions: z
        .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).nullish() }))
        .nullish(),
    }),
  }),
});

async function workloadLabels(
  { cluster, namespace }: Planning,
  selector: Extract<Selector, { kind: 'workload' }>,
): Promise<string> {
  const { group, version, resource } = workloadKinds[selector.workload];
  const what = `${selector.text} in namespace "${namespace}"`;
  const path = apiPath('apis', group, version, 'namespaces', namespace, resource, selector.name);
  const { matchLabels, matchExpressions } = parseAnswer(
    await cluster.call({ method: 'GET', path }, what),
    selectorShape,
    what,
  ).spec.selector;
  const terms = [
    ...Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(matchExpressions ?? []).map(expressionText),
  ];
  return terms.join(',');
}

function expressionText({
  key,
  operator,
  values,
}: {
  key: string;
  operator: string;
  values?: string[] | null | undefined;
}): string {
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return `${key} ${operator.toLowerCase()} (${(values ?? []).join(',')})`;
  }
}

async function listPods({ cluster, namespace }: Planning, labelSelector: string): Promise<Pod[]> {
  const what = `pods with ${labelSelector} in namespace "${namespace}"`;
  const pods: Pod[] = [];
  let next: string | undefined;
  do {
    const query: Record<string, string> = {
      labelSelector,
      limit: '500',
      ...(next !== undefined && { continue: next }),
    };
    const answer = await cluster.send({ method: 'GET', path: apiPath('api/v1/namespaces', namespace, 'pods'), query });
    if (answer.status === 400) throw new ScanError('INPUT_INVALID', `targets: ${toRefusal(answer, what).message}`);
    if (answer.status !== 200) throw toRefusal(answer, what);
    const page = parseAnswer(answer, podList, what);
    pods.push(...page.items);
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (next !== undefined);
  return pods;
}

const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** One container unless all were asked for; where the choice is not clear the user has to make it. */
function chosenContainers(pod: Pod, { container, allContainers }: PlanRequest): string[] {
  const names = containerNames(pod);
  if (allContainers) return names;
  const named = container ?? pod.metadata.annotations?.[defaultContainer];
  if (named !== undefined) return [named];
  if (names.length === 1) return names;
  throw new ScanError(
    'INPUT_INVALID',
    `Pod ${pod.metadata.namespace}/${pod.metadata.name} has several containers (${names.join(', ')}) and none was named`,
    { remedy: 'Name one with --container, or scan all of them with --all-containers.' },
  );
}

function addContainer({ cluster, found }: Planning, pod: Pod, name: string): void {
  const names = containerNames(pod);
  const target = toTarget(cluster.alias, pod, name);
  const reason = names.includes(name) ? whyNotRunning(pod, name) : undefined;
  const label = `Container "${name}" of pod ${target.namespace}/${target.pod}`;
  if (!names.includes(name))
    found.unplanned.push({
      target,
      error: new ScanError('TARGET_NOT_FOUND', `${label} does not exist; the pod has: ${names.join(', ')}`),
    });
  else if (reason !== undefined)
    found.unplanned.push({ target, error: new ScanError('TARGET_NOT_RUNNING', `${label} is not running (${reason})`) });
  else found.targets.push(target);
}

function instanceOf(status: ContainerStatus | undefined): Pick<Target, 'containerId' | 'restartCount' | 'imageDigest'> {
  if (status === undefined) return { containerId: '', restartCount: 0, imageDigest: undefined };
  const { containerID = '', restartCount, imageID = '' } = status;
  return { containerId: containerID, restartCount, imageDigest: /sha256:[0-9a-f]{64}/.exec(imageID)?.[0] };
}

function imageOf({ spec }: Pod, container: string): string {
  return [...spec.containers, ...(spec.initContainers ?? [])].find(each => each.name === container)?.image ?? '';
}

export function toTarget(cluster: string, pod: Pod, container: string): Target {
  const status = containerStatusOf(pod, container);
  return {
    cluster,
    namespace: pod.metadata.namespace,
    pod: pod.metadata.name,
    podUid: pod.metadata.uid,
    container,
    ...instanceOf(status),
    image: imageOf(pod, container),
    node: pod.spec.nodeName,
    owner: ownerOf(pod),
    labels: pod.metadata.labels ?? {},
    annotations: pod.metadata.annotations ?? {},
  };
}
