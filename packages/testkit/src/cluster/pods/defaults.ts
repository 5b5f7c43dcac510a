// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '../objects/json.ts';
import { suffix } from '../objects/names.ts';
import type { Container, KubeObject, PodSpec } from '../objects/objects.ts';

const tolerations = ['not-ready', 'unreachable'].map(condition => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

export function defaultContainer(container: Container): Container {
  const pull = /(:latest$|^[^:@]*$|\/[^:@]*$)/.test(container.image) ? 'Always' : 'IfNotPresent';
  return {
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: pull,
    ...container,
    resources: container.resources ?? {},
  };
}

/** What a pod template gets, and a pod as well. */
export function defaultTemplateSpec(spec: JsonObject & { containers: Container[] }): JsonObject {
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    ...spec,
    containers: spec.containers.map(defaultContainer),
  };
}

export function defaultPodSpec(spec: JsonObject & { containers: Container[] }): JsonObject {
  const account = typeof spec['serviceAccountName'] === 'string' ? spec['serviceAccountName'] : 'default';
  return {
    tolerations,
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
    ...defaultTemplateSpec(spec),
    serviceAccountName: account,
    serviceAccount: account,
  };
}

const accountMount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Mounts the account's token, as the ServiceAccount admission does, unless pod or account say no. */
export function withAccountVolume(spec: PodSpec, account: KubeObject): PodSpec {
  const wanted = spec.automountServiceAccountToken ?? account['automountServiceAccountToken'] !== false;
  if (!wanted) return spec;
  const name = `kube-api-access-${suffix()}`;
  const volume = { name, projected: { sources: accountSources, defaultMode: 420 } };
  const mount = { name, readOnly: true, mountPath: accountMount };
  const mounted = (container: Container): Container => ({
    ...container,
    volumeMounts: [...(container.volumeMounts ?? []), mount],
  });
  return { ...spec, volumes: [...(spec.volumes ?? []), volume], containers: spec.containers.map(mounted) };
}

const accountSources = [
  { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
];

export function qosClass(spec: PodSpec): string {
  const sizes = spec.containers.map(({ resources }) => resources ?? {});
  const none = sizes.every(({ limits = {}, requests = {} }) => Object.keys({ ...limits, ...requests }).length === 0);
  if (none) return 'BestEffort';
  const full = sizes.every(({ limits = {}, requests = limits }) =>
    ['cpu', 'memory'].every(name => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return full ? 'Guaranteed' : 'Burstable';
}
