// SPDX-License-Identifier: Apache-2.0
// What there is to scan: the targets that a plan finds, by the workload that they belong to.
import type { Cluster } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { type Plan, plan } from './plan.ts';
import { usualContainer } from './pod.ts';
import { type Selector, workloadKinds } from './selector.ts';
import type { Owner, Target } from './target.ts';

interface WorkloadContainer {
  name: string;
  images: string[];
  /** Of the images that run, where the runtime tells them. */
  digests: string[];
  /** It is the one that a scan takes which names none. */
  isUsual: boolean;
}

export interface Workload extends Owner {
  namespace: string;
  /** What a request names to scan it. */
  selectors: string[];
  containers: WorkloadContainer[];
  /** How many of its pods run. */
  pods: number;
  /** The lens that `auto` takes first. */
  lens: 'sidecar' | 'exec';
  /** What keeps a scan from looking at some of it. */
  problems: ScanError[];
}

const everyPod: Selector = { kind: 'labels', labels: '', text: 'every pod' };

const mostProblems = 20;

/** The workloads of a namespace that have pods, in the order of their kinds and names. Throws where it could not be looked. */
export async function listWorkloads(
  cluster: Cluster,
  { namespace, selector = everyPod }: { namespace: string; selector?: Selector | undefined },
): Promise<Workload[]> {
  const found = await plan(cluster, {
    selectors: [selector],
    namespaces: [namespace],
    container: undefined,
    allContainers: true,
    allowEmpty: true,
  });
  const workloads = new Map<string, Gathered>();
  for (const target of found.targets) gather(workloads, target, undefined);
  for (const { target, error } of found.unplanned) {
    if ('pod' in target) gather(workloads, target, error);
    else if (error.code !== 'TARGET_NOT_FOUND') throw error;
  }
  return [...workloads.values()].map(each => toWorkload(each, found)).toSorted(byPlace);
}

interface Gathered {
  owner: Owner;
  targets: Target[];
  /** Names of pods with a container that runs. */
  running: Set<string>;
  problems: ScanError[];
}

function gather(into: Map<string, Gathered>, target: Target, error: ScanError | undefined): void {
  const { owner, pod } = target;
  const key = `${owner.kind}/${owner.name}`;
  const known = into.get(key) ?? { owner, targets: [], running: new Set<string>(), problems: [] };
  into.set(key, known);
  known.targets.push(target);
  if (error === undefined) known.running.add(pod);
  else if (known.problems.length < mostProblems) known.problems.push(error);
}

function toWorkload({ owner, targets, running, problems }: Gathered, { targets: planned }: Plan): Workload {
  const names = unique(targets.map(({ container }) => container));
  const [first] = targets;
  const usual = first && usualContainer(names, first.annotations);
  const unclear = names.length > 0 && usual === undefined ? [unnamed(owner, names)] : [];
  const runs = new Set(planned);
  return {
    ...owner,
    namespace: first?.namespace ?? '',
    selectors: selectorsOf(owner, targets),
    containers: names.map(name => {
      const same = targets.filter(({ container }) => container === name);
      const digests = same.filter(each => runs.has(each)).flatMap(({ imageDigest }) => imageDigest ?? []);
      return {
        name,
        images: unique(same.map(({ image }) => image)),
        digests: unique(digests),
        isUsual: name === usual,
      };
    }),
    pods: running.size,
    lens: targets.every(({ sidecar }) => sidecar !== undefined) ? 'sidecar' : 'exec',
    problems: [...problems, ...unclear],
  };
}

const unnamed = ({ kind, name }: Owner, containers: string[]) =>
  new ScanError('CONTAINER_UNNAMED', `${kind} ${name} has several containers: ${containers.join(', ')}`);

const mostPods = 100;

/** Of a kind that no request names, its pods are named. */
function selectorsOf({ kind, name }: Owner, targets: Target[]): string[] {
  const known = Object.entries(workloadKinds).find(([, each]) => each.kind === kind);
  if (known !== undefined) return [`${known[0]}/${name}`];
  return unique(targets.map(({ pod }) => `pod/${pod}`)).slice(0, mostPods);
}

const unique = (texts: string[]): string[] => [...new Set(texts)].toSorted();

/** Where a workload stands in the list of all. */
export type WorkloadPlace = Pick<Workload, 'namespace' | 'kind' | 'name'>;

export function byPlace(one: WorkloadPlace, other: WorkloadPlace): number {
  const [a, b] = [one, other].map(({ namespace, kind, name }) => `${namespace}\0${kind}\0${name}`);
  return (a ?? '') < (b ?? '') ? -1 : Number(a !== b);
}
