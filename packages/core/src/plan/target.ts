// SPDX-License-Identifier: Apache-2.0

/** What a workload is called whatever its pods are called today: ReplicaSets resolve to Deployments, Jobs to CronJobs. */
export interface Owner {
  kind: string;
  name: string;
}

/** One container of one pod, as it was when the run was planned. */
export interface Target {
  /** Alias of the cluster: the kubeconfig context. */
  cluster: string;
  namespace: string;
  pod: string;
  podUid: string;
  container: string;
  /** As in `status.containerStatuses[].containerID`, with its scheme. */
  containerId: string;
  restartCount: number;
  /** As the pod names it. */
  image: string;
  /** `sha256:…` of the image that runs, where the runtime tells it. */
  imageDigest: string | undefined;
  node: string | undefined;
  owner: Owner;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** The scanner container that was injected into the pod; undefined in any other. */
  sidecar?: string | undefined;
}

/** What was asked for and could not be found: enough to name it in every report. */
export interface MissingTarget {
  cluster: string;
  namespace: string;
  /** The selector as the user wrote it. */
  selector: string;
}

/** `namespace/pod/container`, for people. */
export function targetName(target: Target | MissingTarget): string {
  return 'pod' in target
    ? `${target.namespace}/${target.pod}/${target.container}`
    : `${target.namespace}/${target.selector}`;
}

/** Stable over pods, days and replicas: `cluster/namespace/kind/name/container`. */
export function stableIdentity(target: Target | MissingTarget): string {
  return 'pod' in target
    ? [target.cluster, target.namespace, target.owner.kind, target.owner.name, target.container].join('/')
    : [target.cluster, target.namespace, target.selector].join('/');
}

/** Whether one takes the place of the other: the same container of the same workload. */
export function isSamePlace(one: Target, other: Target): boolean {
  return one.container === other.container && stableIdentity(one) === stableIdentity(other);
}
