// SPDX-License-Identifier: Apache-2.0
import { hint, ScanError } from '../errors/index.ts';

export const workloadKinds = {
  deployment: { kind: 'Deployment', group: 'apps', version: 'v1', resource: 'deployments' },
  statefulset: { kind: 'StatefulSet', group: 'apps', version: 'v1', resource: 'statefulsets' },
  daemonset: { kind: 'DaemonSet', group: 'apps', version: 'v1', resource: 'daemonsets' },
  replicaset: { kind: 'ReplicaSet', group: 'apps', version: 'v1', resource: 'replicasets' },
  job: { kind: 'Job', group: 'batch', version: 'v1', resource: 'jobs' },
} as const;

type WorkloadKind = keyof typeof workloadKinds;

/** How targets are named. `text` is what the user wrote. */
export type Selector =
  | { kind: 'pod'; name: string; text: string }
  | { kind: 'workload'; workload: WorkloadKind; name: string; text: string }
  | { kind: 'labels'; labels: string; text: string };

// The short names kubectl knows.
const aliases: Record<string, WorkloadKind | 'pod'> = {
  po: 'pod',
  pod: 'pod',
  pods: 'pod',
  deploy: 'deployment',
  deployment: 'deployment',
  deployments: 'deployment',
  sts: 'statefulset',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  ds: 'daemonset',
  daemonset: 'daemonset',
  daemonsets: 'daemonset',
  rs: 'replicaset',
  replicaset: 'replicaset',
  replicasets: 'replicaset',
  job: 'job',
  jobs: 'job',
};

const kinds = ['pod', ...Object.keys(workloadKinds)];

// RFC 1123 subdomain, as Kubernetes names objects.
const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** `web-0`, `pod/web-0`, `deployment/web` and the like, or `-l app=web` and `app=web` for labels. */
export function parseSelector(text: string): Selector {
  const trimmed = text.trim();
  if (trimmed.startsWith('-l ') || /[=!,()]/.test(trimmed)) return parseLabels(trimmed.replace(/^-l\s+/, ''), text);
  const [first = '', second, ...rest] = trimmed.split('/');
  const name = second ?? first;
  const kind = second === undefined ? 'pod' : aliases[first.toLowerCase()];
  if (rest.length > 0 || !objectName.test(name)) throw notSelector(text);
  if (kind === undefined)
    throw notSelector(
      text,
      hint(first, kinds, best => `${best}/${name}`),
    );
  return kind === 'pod'
    ? { kind, name, text: `pod/${name}` }
    : { kind: 'workload', workload: kind, name, text: `${kind}/${name}` };
}

const notSelector = (text: string, meant = '') =>
  new ScanError(
    'INPUT_INVALID',
    `targets: "${text}" is not a selector: expected a pod name, <kind>/<name> with kind one of ${kinds.join(', ')}, or labels such as -l app=web${meant}`,
  );

/** A label selector; whether it is well formed is for the API server to say, blank ones would match everything. */
export function parseLabels(labels: string, text = `-l ${labels}`): Selector {
  if (labels.trim() === '') throw new ScanError('INPUT_INVALID', `targets: "${text}" names no label`);
  return { kind: 'labels', labels: labels.trim(), text: `-l ${labels.trim()}` };
}
