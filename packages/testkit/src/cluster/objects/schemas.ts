// SPDX-License-Identifier: Apache-2.0
import { podSpec } from '../pods/schema.ts';
import type { Schema } from './schema.ts';

const strings: Schema = { list: 'string' };
const texts: Schema = { map: 'string' };

const ownerReference: Schema = {
  fields: {
    apiVersion: 'string',
    kind: 'string',
    name: 'string',
    uid: 'string',
    controller: 'boolean',
    blockOwnerDeletion: 'boolean',
  },
};

const metadata: Schema = {
  fields: {
    name: 'string',
    generateName: 'string',
    namespace: 'string',
    uid: 'string',
    resourceVersion: 'string',
    generation: 'number',
    creationTimestamp: 'string',
    deletionTimestamp: 'string',
    deletionGracePeriodSeconds: 'number',
    labels: texts,
    annotations: texts,
    ownerReferences: { list: ownerReference },
    finalizers: 'refuse',
    managedFields: 'drop',
    selfLink: 'drop',
  },
};

function kind(fields: Record<string, Schema>): Schema {
  return { fields: { kind: 'string', apiVersion: 'string', metadata, ...fields } };
}

const selector: Schema = {
  fields: {
    matchLabels: texts,
    matchExpressions: { list: { fields: { key: 'string', operator: 'string', values: strings } } },
  },
};

const template: Schema = { fields: { metadata, spec: podSpec } };

const rules: Schema = {
  list: {
    fields: {
      verbs: strings,
      apiGroups: strings,
      resources: strings,
      resourceNames: strings,
      nonResourceURLs: strings,
    },
  },
};

const roleRef: Schema = { fields: { apiGroup: 'string', kind: 'string', name: 'string' } };
const subjects: Schema = {
  list: { fields: { kind: 'string', name: 'string', namespace: 'string', apiGroup: 'string' } },
};

const jobSpec: Record<string, Schema> = {
  template,
  selector,
  backoffLimit: 'number',
  completions: 'refuse',
  parallelism: 'refuse',
  suspend: 'refuse',
  activeDeadlineSeconds: 'refuse',
  ttlSecondsAfterFinished: 'refuse',
  completionMode: 'refuse',
  manualSelector: 'refuse',
  podFailurePolicy: 'refuse',
  podReplacementPolicy: 'refuse',
  successPolicy: 'refuse',
  managedBy: 'refuse',
};

const resourceAttributes: Schema = {
  fields: {
    namespace: 'string',
    verb: 'string',
    group: 'string',
    version: 'string',
    resource: 'string',
    subresource: 'string',
    name: 'string',
    fieldSelector: 'refuse',
    labelSelector: 'refuse',
  },
};

const accessReviewSpec: Record<string, Schema> = {
  resourceAttributes,
  nonResourceAttributes: { fields: { path: 'string', verb: 'string' } },
};

export const schemas = {
  Namespace: kind({ spec: { fields: { finalizers: strings } }, status: 'drop' }),
  Node: kind({ spec: 'any', status: 'drop' }),
  Pod: kind({ spec: podSpec, status: 'drop' }),
  Secret: kind({ data: texts, stringData: texts, type: 'string', immutable: 'boolean' }),
  ConfigMap: kind({ data: texts, binaryData: texts, immutable: 'boolean' }),
  ServiceAccount: kind({
    automountServiceAccountToken: 'boolean',
    secrets: { list: 'any' },
    imagePullSecrets: { list: { fields: { name: 'string' } } },
  }),
  Role: kind({ rules }),
  ClusterRole: kind({ rules, aggregationRule: 'refuse' }),
  RoleBinding: kind({ roleRef, subjects }),
  ClusterRoleBinding: kind({ roleRef, subjects }),
  Deployment: kind({
    spec: {
      fields: {
        replicas: 'number',
        selector,
        template,
        strategy: 'any',
        minReadySeconds: 'number',
        revisionHistoryLimit: 'number',
        progressDeadlineSeconds: 'number',
        paused: 'refuse',
      },
    },
    status: 'drop',
  }),
  ReplicaSet: kind({
    spec: { fields: { replicas: 'number', selector, template, minReadySeconds: 'number' } },
    status: 'drop',
  }),
  StatefulSet: kind({
    spec: {
      fields: {
        replicas: 'number',
        selector,
        template,
        serviceName: 'string',
        podManagementPolicy: 'string',
        updateStrategy: 'any',
        revisionHistoryLimit: 'number',
        minReadySeconds: 'number',
        ordinals: 'refuse',
        volumeClaimTemplates: 'refuse',
        persistentVolumeClaimRetentionPolicy: 'refuse',
      },
    },
    status: 'drop',
  }),
  DaemonSet: kind({
    spec: {
      fields: {
        selector,
        template,
        updateStrategy: 'any',
        minReadySeconds: 'number',
        revisionHistoryLimit: 'number',
      },
    },
    status: 'drop',
  }),
  Job: kind({ spec: { fields: jobSpec }, status: 'drop' }),
  CronJob: kind({
    spec: {
      fields: {
        schedule: 'string',
        timeZone: 'string',
        suspend: 'boolean',
        concurrencyPolicy: 'string',
        startingDeadlineSeconds: 'number',
        successfulJobsHistoryLimit: 'number',
        failedJobsHistoryLimit: 'number',
        jobTemplate: { fields: { metadata, spec: { fields: jobSpec } } },
      },
    },
    status: 'drop',
  }),
  TokenRequest: kind({
    spec: {
      fields: {
        audiences: strings,
        expirationSeconds: 'number',
        boundObjectRef: { fields: { kind: 'string', apiVersion: 'string', name: 'string', uid: 'string' } },
      },
    },
    status: 'drop',
  }),
  SelfSubjectReview: kind({ status: 'drop' }),
  SelfSubjectAccessReview: kind({ spec: { fields: accessReviewSpec }, status: 'drop' }),
  SelfSubjectRulesReview: kind({ spec: { fields: { namespace: 'string' } }, status: 'drop' }),
  SubjectAccessReview: kind({
    spec: { fields: { ...accessReviewSpec, user: 'string', groups: strings, uid: 'string', extra: 'any' } },
    status: 'drop',
  }),
  DeleteOptions: kind({
    gracePeriodSeconds: 'number',
    propagationPolicy: 'string',
    preconditions: { fields: { uid: 'string', resourceVersion: 'string' } },
    dryRun: strings,
    orphanDependents: 'refuse',
    ignoreStoreReadErrorWithClusterBreakingPotential: 'refuse',
  }),
} as const satisfies Record<string, Schema>;

export type KindName = keyof typeof schemas;
