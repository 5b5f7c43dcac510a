// SPDX-License-Identifier: Apache-2.0
import { type Json, same } from '../objects/json.ts';
import { kindNamed } from '../objects/kinds.ts';
import { labelErrors } from '../objects/names.ts';
import type { Container, Pod, SecurityContext, Volume } from '../objects/objects.ts';
import {
  type ApiError,
  type FieldError,
  forbidden,
  forbiddenField,
  invalid,
  invalidValue,
  required,
  unsupportedValue,
} from '../objects/status.ts';

export function podErrors(pod: Pod): FieldError[] {
  const { spec } = pod;
  return [
    ...(spec.containers.length === 0 ? [required('spec.containers')] : []),
    ...(spec.ephemeralContainers?.length
      ? [forbiddenField('spec.ephemeralContainers', 'cannot be set on create')]
      : []),
    ...spec.containers.flatMap((container, i) => containerErrors(pod, container, `spec.containers[${i}]`)),
    ...duplicateErrors(spec.containers, 'spec.containers'),
    ...choiceErrors('spec.restartPolicy', spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...(spec.terminationGracePeriodSeconds < 0
      ? [
          invalidValue(
            'spec.terminationGracePeriodSeconds',
            String(spec.terminationGracePeriodSeconds),
            'must be greater than or equal to 0',
          ),
        ]
      : []),
    ...(spec.volumes ?? []).flatMap((volume, i) => volumeErrors(volume, `spec.volumes[${i}]`)),
  ];
}

function choiceErrors(field: string, value: string, allowed: string[]): FieldError[] {
  return allowed.includes(value) ? [] : [unsupportedValue(field, value, allowed)];
}

function duplicateErrors(containers: Container[], field: string): FieldError[] {
  return containers.flatMap((container, i) =>
    containers.findIndex(other => other.name === container.name) < i
      ? [duplicate(`${field}[${i}].name`, container.name)]
      : [],
  );
}

function duplicate(field: string, name: string): FieldError {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(name)}`, field };
}

function volumeErrors(volume: Volume, field: string): FieldError[] {
  const sources = Object.keys(volume).filter(key => key !== 'name');
  if (sources.length > 1)
    return [forbiddenField(`${field}.${sources[1] ?? ''}`, 'may not specify more than 1 volume type')];
  return labelErrors(`${field}.name`, volume.name);
}

function containerErrors(pod: Pod, container: Container, field: string): FieldError[] {
  return [
    ...identityErrors(container, field),
    ...mountErrors(pod, container, field),
    ...securityErrors(pod, container, field),
  ];
}

function identityErrors(container: Partial<Container>, field: string): FieldError[] {
  const { name = '', image = '', imagePullPolicy = 'Never' } = container;
  return [
    ...(name === '' ? [required(`${field}.name`)] : labelErrors(`${field}.name`, name)),
    ...(image === '' ? [required(`${field}.image`)] : []),
    ...choiceErrors(`${field}.imagePullPolicy`, imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ];
}

function mountErrors(pod: Pod, container: Container, field: string): FieldError[] {
  const volumes = (pod.spec.volumes ?? []).map(volume => volume.name);
  return (container.volumeMounts ?? []).flatMap((mount, i) =>
    volumes.includes(mount.name)
      ? []
      : [
          {
            reason: 'FieldValueNotFound',
            message: `Not found: "${mount.name}"`,
            field: `${field}.volumeMounts[${i}].name`,
          },
        ],
  );
}

function securityErrors(pod: Pod, container: Container, field: string): FieldError[] {
  const security = container.securityContext ?? {};
  const at = `${field}.securityContext`;
  return [
    ...(security.procMount === 'Unmasked' && pod.spec.hostUsers !== false
      ? [invalidValue(`${at}.procMount`, '"Unmasked"', '`hostUsers` must be false to use `Unmasked`')]
      : []),
    ...(security.allowPrivilegeEscalation === false ? contradictions(security, at) : []),
  ];
}

function contradictions(security: SecurityContext, at: string): FieldError[] {
  const added = security.capabilities?.add ?? [];
  const clashes = [
    ...(security.privileged === true ? ['`privileged` to true'] : []),
    ...(added.some(name => ['SYS_ADMIN', 'CAP_SYS_ADMIN'].includes(name)) ? ['`capabilities.Add` CAP_SYS_ADMIN'] : []),
  ];
  return clashes.map(clash => invalidValue(at, '', `cannot set \`allowPrivilegeEscalation\` to false and ${clash}`));
}

const notForEphemeral = ['ports', 'resources'] as const;

export function ephemeralErrors(pod: Pod): FieldError[] {
  const added = pod.spec.ephemeralContainers ?? [];
  return added.flatMap((container, i) => {
    const field = `spec.ephemeralContainers[${i}]`;
    const twins = [...pod.spec.containers, ...added.slice(0, i)];
    const { targetContainerName: target = '' } = container;
    return [
      ...identityErrors(container, field),
      ...(twins.some(other => other.name === container.name) ? [duplicate(`${field}.name`, container.name)] : []),
      ...notForEphemeral
        .filter(key => Object.keys(container[key] ?? {}).length > 0)
        .map(key => forbiddenField(`${field}.${key}`, 'cannot be set for an Ephemeral Container')),
      ...mountErrors(pod, container, field),
      ...securityErrors(pod, container, field),
      ...(target === '' || pod.spec.containers.some(other => other.name === target)
        ? []
        : [{ reason: 'FieldValueNotFound', message: `Not found: "${target}"`, field: `${field}.targetContainerName` }]),
    ];
  });
}

/** Ephemeral containers can be added, and never changed or removed. */
export function ephemeralChangeErrors(before: Pod, after: Pod): FieldError[] {
  const field = 'spec.ephemeralContainers';
  return (before.spec.ephemeralContainers ?? []).flatMap(old => {
    const now = after.spec.ephemeralContainers?.find(container => container.name === old.name);
    if (now === undefined)
      return [forbiddenField(field, `existing ephemeral containers "${old.name}" may not be removed\n`)];
    if (same(now, old)) return [];
    return [
      forbiddenField(field, `existing ephemeral containers "${old.name}" may not be changed\n${differences(old, now)}`),
    ];
  });
}

function differences(old: Container, now: Container): string {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const before = new Map<string, Json | undefined>(Object.entries(old));
  const after = new Map<string, Json | undefined>(Object.entries(now));
  return keys
    .filter(key => !same(before.get(key), after.get(key)))
    .map(
      key =>
        `- "${key}": ${JSON.stringify(before.get(key) ?? null)}\n+ "${key}": ${JSON.stringify(after.get(key) ?? null)}\n`,
    )
    .join('');
}

const mayChange =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

export function podUpdateError(before: Pod, after: Pod): ApiError | undefined {
  if (same(before.spec, after.spec)) return undefined;
  const changed = [...new Set([...Object.keys(before.spec), ...Object.keys(after.spec)])].filter(
    key => !same(objectField(before, key), objectField(after, key)),
  );
  return invalid(kindNamed('Pod'), after.metadata.name, [
    forbiddenField('spec', `${mayChange}\n${changed.map(key => `"${key}"\n`).join('')}`),
  ]);
}

function objectField(pod: Pod, key: string): Json | undefined {
  return new Map<string, Json | undefined>(Object.entries(pod.spec)).get(key);
}

export function podForbidden(name: string, why: string): ApiError {
  return forbidden({ group: '', resource: 'pods' }, name, why);
}
