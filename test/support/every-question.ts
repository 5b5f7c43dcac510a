// SPDX-License-Identifier: Apache-2.0
import type { Question } from './token-client.ts';

export const verbs = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'bind',
  'escalate',
  'impersonate',
  'use',
  'approve',
  'sign',
  '*',
];

const rbac = 'rbac.authorization.k8s.io';

/** What there is in a Kubernetes API, by group; subresources that matter by themselves. */
const resources: Record<string, string[]> = {
  '': [
    'pods',
    'pods/exec',
    'pods/attach',
    'pods/log',
    'pods/portforward',
    'pods/proxy',
    'pods/ephemeralcontainers',
    'pods/eviction',
    'pods/binding',
    'pods/status',
    'pods/resize',
    'secrets',
    'configmaps',
    'serviceaccounts',
    'serviceaccounts/token',
    'nodes',
    'nodes/proxy',
    'nodes/log',
    'nodes/stats',
    'namespaces',
    'namespaces/finalize',
    'events',
    'services',
    'services/proxy',
    'endpoints',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'persistentvolumes',
    'persistentvolumeclaims',
    'limitranges',
    'resourcequotas',
    'podtemplates',
    'bindings',
    'users',
    'groups',
    '*',
  ],
  apps: ['deployments', 'deployments/scale', 'replicasets', 'statefulsets', 'statefulsets/scale', 'daemonsets', '*'],
  batch: ['jobs', 'cronjobs'],
  autoscaling: ['horizontalpodautoscalers'],
  policy: ['poddisruptionbudgets', 'podsecuritypolicies'],
  'networking.k8s.io': ['networkpolicies', 'ingresses'],
  'coordination.k8s.io': ['leases'],
  'discovery.k8s.io': ['endpointslices'],
  'storage.k8s.io': ['storageclasses', 'volumeattachments', 'csidrivers'],
  'certificates.k8s.io': ['certificatesigningrequests', 'certificatesigningrequests/approval', 'signers'],
  'authentication.k8s.io': ['tokenreviews', 'selfsubjectreviews', 'userextras/scopes'],
  'authorization.k8s.io': [
    'selfsubjectaccessreviews',
    'selfsubjectrulesreviews',
    'subjectaccessreviews',
    'localsubjectaccessreviews',
  ],
  [rbac]: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
  'apiextensions.k8s.io': ['customresourcedefinitions'],
  'apiregistration.k8s.io': ['apiservices'],
  'admissionregistration.k8s.io': [
    'validatingwebhookconfigurations',
    'mutatingwebhookconfigurations',
    'validatingadmissionpolicies',
  ],
  'metrics.k8s.io': ['pods', 'nodes'],
  '*': ['*', '*/exec'],
};

/** One kind of thing to ask about: `pods/exec`, `deployments.apps`. */
export interface Subject {
  group: string;
  path: string;
  text: string;
}

export const subjects: Subject[] = Object.entries(resources).flatMap(([group, paths]) =>
  paths.map(path => ({ group, path, text: group === '' ? path : `${path}.${group}` })),
);

export type Scope = 'planned pod' | 'another pod' | 'no name' | 'another namespace' | 'whole cluster';

/** Where it is asked about, in the words of an access review. */
export type Places = Record<Scope, Pick<Question, 'namespace' | 'name'>>;

export interface Asked {
  subject: Subject;
  verb: string;
  scope: Scope;
}

export const scopes: Scope[] = ['planned pod', 'another pod', 'no name', 'another namespace', 'whole cluster'];

/** Every verb on everything everywhere. */
export const everyQuestion: Asked[] = subjects.flatMap(subject =>
  verbs.flatMap(verb => scopes.map(scope => ({ subject, verb, scope }))),
);

export function toQuestion({ subject, verb, scope }: Asked, places: Places): Question {
  const [resource = '', subresource] = subject.path.split('/');
  const place = places[scope];
  return { verb, group: subject.group, resource, ...(subresource !== undefined && { subresource }), ...place };
}

export const askedText = ({ subject, verb, scope }: Asked): string => `${verb} ${subject.text} (${scope})`;
