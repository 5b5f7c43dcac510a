// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject, objectAt, same, textAt } from '../objects/json.ts';
import type { KubeObject } from '../objects/objects.ts';
import { type FieldError, invalidValue, notImplemented, required } from '../objects/status.ts';

const selecting = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'];

export function workloadErrors(object: KubeObject): FieldError[] {
  if (object.kind === 'CronJob') return cronJobErrors(object);
  if (object.kind === 'Job') return templateErrors(objectAt(object, 'spec', 'template'), 'spec.template');
  if (!selecting.includes(object.kind)) return [];
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const labels = objectAt(template, 'metadata', 'labels');
  const matchLabels = objectAt(spec, 'selector', 'matchLabels');
  return [
    ...(isObject(spec['selector']) ? [] : [required('spec.selector')]),
    ...(Object.entries(matchLabels).every(([key, value]) => same(labels[key], value))
      ? []
      : [
          invalidValue(
            'spec.template.metadata.labels',
            JSON.stringify(labels),
            '`selector` does not match template `labels`',
          ),
        ]),
    ...templateErrors(template, 'spec.template'),
  ];
}

function templateErrors(template: JsonObject, field: string): FieldError[] {
  const containers = objectAt(template, 'spec')['containers'];
  return Array.isArray(containers) && containers.length > 0 ? [] : [required(`${field}.spec.containers`)];
}

function cronJobErrors(object: KubeObject): FieldError[] {
  // Schedules are not followed here, so only a cron job that does not run by itself is what it says.
  if (objectAt(object, 'spec')['suspend'] !== true) throw notImplemented('cron jobs that are not suspended');
  return textAt(object, 'spec', 'schedule') === '' ? [required('spec.schedule')] : [];
}
