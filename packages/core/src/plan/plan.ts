// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, type Cluster, parseAnswer, toRefusal } from '../cluster/index.ts';
import { isScanError, ScanError } from '../errors/index.ts';
import type { TargetMatch } from '../request/index.ts';
import { injectedContainer } from './injected.ts';
import { matches } from './matches.ts';
import { type PassedOver, passedOver } from './passed-over.ts';
import {
  type ContainerStatus,
  containerNames,
  containerStatusOf,
  defaultContainer,
  isTerminating,
  ownerOf,
  type Pod,
  podList,
  podShape,
  usualContainer,
  whyNotRunning,
} from './pod.ts';
import { type Selector, workloadKinds } from './selector.ts';
import type { MissingTarget, Target } from './target.ts';

export interface PlanRequest {
  selectors: Selector[];
  namespaces: string[];
  container: string | undefined;
  /** For some pods another one: the first that matches counts. */
  containers?: ContainerRule[];
  allContainers: boolean;
  allowEmpty: boolean;
}

interface ContainerRule {
  /** For people. */
  name: string;
  match: TargetMatch;
  container: string;
}

/** A target that was named and cannot be scanned. */
interface Unplanned {
  target: Target | MissingTarget;
  error: ScanError;
}

export interface Plan {
  targets: Target[];
  unplanned: Unplanned[];
  /** Containers of the same pods that are not looked at. */
  passedOver: PassedOver[];
}

/** Resolves selectors to the containers that run now. What was named and is not there is kept, never dropped. */
export async function plan(cluster: Cluster, request: PlanRequest): Promise<Plan> {
  const found: UnclearPlan = { targets: [], unplanned: [], passedOver: [], unclear: [] };
  for (const namespace of request.namespaces)
    for (const selector of request.selectors) await resolve({ cluster, request, namespace, found }, selector);
  return toPlan(found);
}

/** While it is resolved. */
interface UnclearPlan extends Plan {
  unclear: Unclear[];
}

/** Named in a way that gives no container: a mistake of the user where that is all, one target of several otherwise. */
interface Unclear {
  target: Target | MissingTarget;
  alone: ScanError;
  code: 'TARGET_NOT_RUNNING' | 'CONTAINER_UNNAMED';
}

function toPlan({ unclear, ...found }: UnclearPlan): Plan {
  const [first] = unclear;
  if (first !== undefined && found.targets.length === 0 && found.unplanned.length === 0) throw first.alone;
  const beside = unclear.map(({ target, alone, code }): Unplanned => {
    const { message, remedy } = alone;
    return { target, error: new ScanError(code, message, { cause: alone, remedy }) };
  });
  const seen = new Set<string>();
  return {
    unplanned: [...found.unplanned, ...beside],
    targets: found.targets.filter(({ podUid, container }) => seen.size !== seen.add(`${podUid}/${container}`).size),
    passedOver: uniquePassedOver(found),
  };
}

/** A pod that several selectors name is there several times, and what one leaves out another may choose. */
function uniquePassedOver({ targets, unplanned, passedOver: all }: Plan): PassedOver[] {
  const keyOf = (each: { namespace: string; pod: string; container: string }) =>
    `${each.namespace}/${each.pod}/${each.container}`;
  const missing = unplanned.flatMap(({ target }) => ('pod' in target ? [target] : []));
  const known = new Set([...targets, ...missing].map(keyOf));
  return all.filter(each => known.size !== known.add(keyOf(each)).size);
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

/** Whether the very pod of a target still exists, running or not. */
export async function isPodThere(cluster: Cluster, { namespace, pod, podUid }: Target): Promise<boolean> {
  try {
    return (await getPod(cluster, namespace, pod)).metadata.uid === podUid;
  } catch (error) {
    if (isScanError(error) && error.code === 'TARGET_NOT_FOUND') return false;
    throw error;
  }
}

interface Planning {
  cluster: Cluster;
  request: PlanRequest;
  namespace: string;
  found: UnclearPlan;
}

// What says something of this selector in this namespace alone: the others are looked at all the same.
const ofOnePlace: readonly string[] = ['TARGET_NOT_FOUND', 'CLUSTER_FORBIDDEN'];

async function resolve(planning: Planning, selector: Selector): Promise<void> {
  const { cluster, namespace, request, found } = planning;
  const missing: MissingTarget = { cluster: cluster.alias, namespace, selector: selector.text };
  let matched: Pod[];
  try {
    matched = await podsOf(planning, selector);
  } catch (error) {
    if (!isScanError(error) || !ofOnePlace.includes(error.code)) throw error;
    found.unplanned.push({
      target: missing,
      error: error.code === 'TARGET_NOT_FOUND' ? notFound(missing, error) : error,
    });
    return;
  }
  const pods = selector.kind === 'pod' ? matched : toLookAt(matched, request.allowEmpty);
  if (pods.length === 0 && !request.allowEmpty) {
    const alone = new ScanError('NO_TARGETS', `${selector.text} matches no running pod in namespace "${namespace}"`);
    found.unclear.push({ target: missing, alone, code: 'TARGET_NOT_RUNNING' });
  }
  for (const pod of pods) addPod(planning, pod);
}

function notFound({ namespace, selector }: MissingTarget, cause: ScanError): ScanError {
  const [kind, name] = selector.split('/');
  const other = kind === 'pod' ? `; a workload is named with its kind, such as deployment/${name}` : '';
  return new ScanError('TARGET_NOT_FOUND', `There is no ${selector} in namespace "${namespace}"`, {
    cause,
    remedy: `List what is there: kubectl get ${kind}s -n ${namespace}${other}`,
  });
}

async function podsOf(planning: Planning, selector: Selector): Promise<Pod[]> {
  const { cluster, namespace } = planning;
  switch (selector.kind) {
    case 'pod':
      return [await getPod(cluster, namespace, selector.name)];
    case 'labels':
      return listPods(planning, selector.labels);
    case 'workload': {
      const pods = await listPods(planning, await workloadLabels(planning, selector));
      const { kind } = workloadKinds[selector.workload];
      return pods.filter(pod => belongsTo(pod, kind, selector.name));
    }
  }
}

/**
 * Ended and terminating pods are left out: a rollout or a finished job is not a gap in the look. Where all that has not
 * ended is terminating, there is something that cannot be looked at, and it is named.
 */
function toLookAt(matched: Pod[], allowEmpty: boolean): Pod[] {
  const started = matched.filter(({ status: { phase } }) => phase !== 'Succeeded' && phase !== 'Failed');
  const lasting = started.filter(pod => !isTerminating(pod));
  return lasting.length > 0 || allowEmpty ? lasting : started;
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
  const what = `pods${labelSelector === '' ? '' : ` with ${labelSelector}`} in namespace "${namespace}"`;
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

interface ContainerChoice {
  names: string[];
  /** Why the others are passed over. */
  why: string;
}

function addPod(planning: Planning, pod: Pod): void {
  const { cluster, request, found } = planning;
  const target = toTarget(cluster.alias, pod, containerNames(pod)[0] ?? '');
  const choice = chooseByRule(target, request) ?? chooseContainers(pod, request);
  if (choice === undefined) {
    found.unclear.push({ target, alone: severalContainers(pod), code: 'CONTAINER_UNNAMED' });
    return;
  }
  const { names, why } = choice;
  for (const name of names) addContainer(planning, pod, name);
  found.passedOver.push(...passedOver(pod, names, why));
}

/** Rules speak of pods: their matches name no container. */
function chooseByRule(target: Target, { containers = [] }: PlanRequest): ContainerChoice | undefined {
  const rule = containers.find(({ match }) => matches(match, target, undefined));
  return rule && { names: [rule.container], why: `${rule.name} names ${rule.container}` };
}

/** One container unless all were asked for; where the choice is not clear the user has to make it. */
function chooseContainers(pod: Pod, { container, allContainers }: PlanRequest): ContainerChoice | undefined {
  const names = containerNames(pod);
  if (allContainers || (container === undefined && names.length === 1)) return { names, why: 'it is not running' };
  if (container !== undefined) return { names: [container], why: `the input container names ${container}` };
  const named = usualContainer(names, pod.metadata.annotations ?? {});
  return named === undefined ? undefined : { names: [named], why: `the annotation ${defaultContainer} names ${named}` };
}

function severalContainers(pod: Pod): ScanError {
  const names = containerNames(pod).join(', ');
  const { namespace, name } = pod.metadata;
  return new ScanError(
    'INPUT_INVALID',
    `Pod ${namespace}/${name} has several containers (${names}) and none was named`,
    {
      remedy:
        'Name one with --container, or for this pod below per-target in cinc-scan.yml, or scan all of them with --all-containers.',
    },
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
    sidecar: injectedContainer(pod),
  };
}
