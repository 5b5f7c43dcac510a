// SPDX-License-Identifier: Apache-2.0

import { isObject, objectAt, same, textAt } from '../objects/json.ts';
import { type Kind, kindNamed } from '../objects/kinds.ts';
import { labelsErrors, nameErrors } from '../objects/names.ts';
import { type KubeObject, type Pod, parseBinding, parseContainers, parsePod, parseRole } from '../objects/objects.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  invalidValue,
  notFound,
  notImplemented,
  required,
} from '../objects/status.ts';
import { fieldValue } from '../pods/container-spec.ts';
import { defaultPodSpec, defaultTemplateSpec, withAccountVolume } from '../pods/defaults.ts';
import { newPodStatus } from '../pods/node.ts';
import { podSecurityViolation, toLevel } from '../pods/security.ts';
import { podErrors, podForbidden, podUpdateError } from '../pods/validation.ts';
import { escalation } from '../rbac/escalation.ts';
import { rulesOf, type User } from '../rbac/rbac.ts';
import { workloadErrors } from '../workloads/validation.ts';
import type { Context } from './api.ts';

export interface Asked {
  kind: Kind;
  user: User;
}

/** Defaults, admission and validation of an object that is to be created. */
export function prepareCreate(context: Context, object: KubeObject, asked: Asked): KubeObject {
  checkGrant(context, object, { ...asked, before: undefined });
  const complete = asked.kind.kind === 'Pod' ? preparePod(context, parsePod(object)) : withDefaults(object);
  checkTemplate(context, complete);
  const errors = [...validationErrors(asked.kind, complete), ...ownSelectorErrors(object)];
  if (errors.length > 0) throw invalid(asked.kind, complete.metadata.name, errors);
  return complete;
}

/** The server writes the selector of a job. */
function ownSelectorErrors(object: KubeObject): FieldError[] {
  const selector = objectAt(object, 'spec')['selector'];
  if (object.kind !== 'Job' || selector === undefined) return [];
  return [invalidValue('spec.selector', JSON.stringify(selector), '`selector` not auto-generated')];
}

export function prepareUpdate(context: Context, after: KubeObject, asked: Asked & { before: KubeObject }): KubeObject {
  checkGrant(context, after, asked);
  if (asked.kind.kind === 'Pod') return preparePodUpdate(parsePod(asked.before), parsePod(after));
  const complete = withDefaults(after);
  checkTemplate(context, complete);
  const errors = [...validationErrors(asked.kind, complete), ...immutableErrors(asked.before, complete)];
  if (errors.length > 0) throw invalid(asked.kind, complete.metadata.name, errors);
  return { ...complete, ...(asked.before['status'] === undefined ? {} : { status: asked.before['status'] }) };
}

function preparePodUpdate(before: Pod, after: Pod): KubeObject {
  const error = podUpdateError(before, after);
  if (error !== undefined) throw error;
  const errors = labelsErrors(after.metadata.labels ?? {});
  if (errors.length > 0) throw invalid(kindNamed('Pod'), after.metadata.name, errors);
  return { ...after, status: before.status };
}

function validationErrors(kind: Kind, object: KubeObject): FieldError[] {
  return [
    ...nameErrors(kind, object.metadata),
    ...labelsErrors(object.metadata.labels ?? {}),
    ...(kind.kind === 'Pod' ? podErrors(parsePod(object)) : []),
    ...bindingErrors(object),
    ...roleErrors(object),
    ...workloadErrors(object),
  ];
}

function bindingErrors(object: KubeObject): FieldError[] {
  if (!object.kind.endsWith('Binding')) return [];
  const ref = objectAt(object, 'roleRef');
  return [
    ...(['Role', 'ClusterRole'].includes(textAt(ref, 'kind')) ? [] : [required('roleRef.kind')]),
    ...(typeof ref['name'] === 'string' && ref['name'] !== '' ? [] : [required('roleRef.name')]),
    ...(parseBinding(object).subjects ?? []).flatMap((subject, i) => [
      ...(subject.name === '' ? [required(`subjects[${i}].name`)] : []),
      ...(object.kind === 'ClusterRoleBinding' && subject.kind === 'ServiceAccount' && (subject.namespace ?? '') === ''
        ? [required(`subjects[${i}].namespace`)]
        : []),
    ]),
  ];
}

function roleErrors(object: KubeObject): FieldError[] {
  if (!['Role', 'ClusterRole'].includes(object.kind)) return [];
  return (parseRole(object).rules ?? []).flatMap((rule, i) => {
    const field = `rules[${i}]`;
    const paths = rule.nonResourceURLs?.length ?? 0;
    return [
      ...(rule.verbs.length === 0 ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : []),
      ...(paths === 0 && !rule.apiGroups?.length
        ? [required(`${field}.apiGroups`, 'resource rules must supply at least one api group')]
        : []),
      ...(paths === 0 && !rule.resources?.length
        ? [required(`${field}.resources`, 'resource rules must supply at least one resource')]
        : []),
    ];
  });
}

function immutableErrors(before: KubeObject, after: KubeObject): FieldError[] {
  if (same(before['roleRef'], after['roleRef'])) return [];
  const ref = objectAt(after, 'roleRef');
  const shown = JSON.stringify({ APIGroup: ref['apiGroup'], Kind: ref['kind'], Name: ref['name'] });
  return [invalidValue('roleRef', shown, 'cannot change roleRef')];
}

function withDefaults(object: KubeObject): KubeObject {
  if (object.kind.endsWith('Binding')) return bindingDefaults(object);
  if (object.kind === 'Namespace') {
    const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
    return {
      ...object,
      metadata: { ...object.metadata, labels },
      spec: { finalizers: ['kubernetes'] },
      status: object['status'] ?? { phase: 'Active' },
    };
  }
  if (object.kind === 'Secret') return secretDefaults(object);
  return templateDefaults(object);
}

function bindingDefaults(object: KubeObject): KubeObject {
  const group = 'rbac.authorization.k8s.io';
  const { roleRef, subjects } = parseBinding(object);
  const given = (subjects ?? []).map(subject =>
    subject.kind === 'ServiceAccount' ? subject : { ...subject, apiGroup: subject.apiGroup ?? group },
  );
  const ref = isObject(object['roleRef']) ? { roleRef: { ...roleRef, apiGroup: roleRef.apiGroup || group } } : {};
  return { ...object, ...ref, ...(subjects === undefined ? {} : { subjects: given }) };
}

function secretDefaults({ stringData, ...object }: KubeObject): KubeObject {
  const data = { ...objectAt(object, 'data') };
  for (const [key, value] of Object.entries(isObject(stringData) ? stringData : {})) {
    data[key] = Buffer.from(typeof value === 'string' ? value : '').toString('base64');
  }
  return { ...object, data, type: object['type'] ?? 'Opaque' };
}

function templateDefaults(object: KubeObject): KubeObject {
  const spec = objectAt(object, 'spec');
  const template = spec['template'];
  if (!isObject(template)) return object;
  const podSpec = objectAt(template, 'spec');
  const withSpec = { ...template, spec: defaultTemplateSpec({ ...podSpec, containers: parseContainers(podSpec) }) };
  const scaled = ['Deployment', 'ReplicaSet', 'StatefulSet'].includes(object.kind) ? { replicas: 1 } : {};
  const metadata = { ...object.metadata, generation: object.metadata.generation ?? 1 };
  return { ...object, metadata, spec: { ...scaled, ...spec, template: withSpec } };
}

function preparePod(context: Context, pod: Pod): KubeObject {
  const { namespace = '', name } = pod.metadata;
  const given = objectAt(pod, 'spec');
  const spec = defaultPodSpec({ ...given, containers: parseContainers(given) });
  const complete = parsePod({ ...pod, metadata: { ...pod.metadata, generation: 1 }, spec });
  const account = context.store.find('ServiceAccount', namespace, complete.spec.serviceAccountName);
  if (account === undefined) {
    const wanted = complete.spec.serviceAccountName;
    throw podForbidden(
      name,
      `error looking up service account ${namespace}/${wanted}: serviceaccount "${wanted}" not found`,
    );
  }
  refuseUnsupported(context, complete);
  complete.spec = withAccountVolume(complete.spec, account);
  checkPodSecurity(context, complete);
  complete.status = newPodStatus(complete);
  if (context.store.version !== '1.36') delete complete.metadata.generation;
  return complete;
}

function refuseUnsupported(context: Context, pod: Pod): void {
  const hostPath = (pod.spec.volumes ?? []).some(volume => volume.hostPath !== undefined);
  if (hostPath && !context.allowHostPath)
    throw notImplemented('hostPath volumes unless it was started with allowHostPath');
  if (pod.spec.hostUsers === false) throw notImplemented('pods with a user namespace of their own');
  const paths = pod.spec.containers.flatMap(one => one.env ?? []).map(one => one.valueFrom?.fieldRef?.fieldPath);
  const unknown = paths.find(path => path !== undefined && fieldValue(pod, path) === undefined);
  if (unknown !== undefined) throw notImplemented(`variables from the field ${unknown}`);
}

function checkTemplate(context: Context, object: KubeObject): void {
  const spec = objectAt(object, 'spec', 'template', 'spec');
  if (Object.keys(spec).length === 0) return;
  refuseUnsupported(context, parsePod({ ...object, spec: { ...spec, containers: parseContainers(spec) }, status: {} }));
}

export function checkPodSecurity(context: Context, pod: Pod): void {
  const { namespace = '', name } = pod.metadata;
  const labels = context.store.find('Namespace', '', namespace)?.metadata.labels ?? {};
  const level = toLevel(labels['pod-security.kubernetes.io/enforce']);
  const violation = podSecurityViolation(pod.spec, level);
  if (violation !== undefined) throw podForbidden(name, violation);
}

/** Nobody may grant what they do not hold themselves. */
function checkGrant(context: Context, after: KubeObject, asked: Asked & { before: KubeObject | undefined }): void {
  const binding = after.kind.endsWith('Binding');
  if (!binding && !['Role', 'ClusterRole'].includes(after.kind)) return;
  const unchanged =
    same(asked.before?.['rules'], after['rules']) && same(asked.before?.['subjects'], after['subjects']);
  if (asked.before !== undefined && unchanged) return;
  const why = binding ? bindingEscalation(context, after, asked.user) : roleEscalation(context, after, asked.user);
  if (why !== undefined) throw forbidden(asked.kind, after.metadata.name, why);
}

function roleEscalation(context: Context, role: KubeObject, user: User): string | undefined {
  const { name, namespace = '' } = role.metadata;
  const resource = role.kind === 'Role' ? 'roles' : 'clusterroles';
  const target = { resource, name, namespace, verb: 'escalate' } as const;
  return escalation(context.store, user, { rules: parseRole(role).rules ?? [], target });
}

function bindingEscalation(context: Context, object: KubeObject, user: User): string | undefined {
  const { roleRef, metadata } = parseBinding(object);
  if (!isObject(object['roleRef'])) return undefined;
  const { namespace = '' } = metadata;
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  const target = { resource, name: roleRef.name, namespace, verb: 'bind' } as const;
  const rules = rulesOf(context.store, roleRef, namespace);
  const refusal = escalation(context.store, user, {
    rules: rules ?? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    target,
  });
  if (refusal !== undefined && rules === undefined) {
    throw notFound({ group: 'rbac.authorization.k8s.io', resource }, roleRef.name);
  }
  return refusal;
}
