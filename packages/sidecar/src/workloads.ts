// SPDX-License-Identifier: Apache-2.0
import { isMapping, itemsOf, type Path, valueAt } from './operation.ts';

/** A pod, or the template of pods, inside a document. */
export interface PodPlace {
  /** `Deployment/web`, for messages. */
  name: string;
  /** Of what holds the pod's `metadata` and `spec`. */
  path: Path;
  /** Whether the pods have to come to an end by themselves. */
  ends: boolean;
}

const template: Path = ['spec', 'template'];

// The group tells our kinds from others of the same name, such as a Job of another batch system.
const kinds: Record<string, { group: RegExp; path: Path; ends: boolean }> = {
  Pod: { group: /^v1$/, path: [], ends: false },
  ReplicationController: { group: /^v1$/, path: template, ends: false },
  Deployment: { group: /^(apps|extensions)\//, path: template, ends: false },
  StatefulSet: { group: /^apps\//, path: template, ends: false },
  DaemonSet: { group: /^(apps|extensions)\//, path: template, ends: false },
  ReplicaSet: { group: /^(apps|extensions)\//, path: template, ends: false },
  Job: { group: /^batch\//, path: template, ends: true },
  CronJob: { group: /^batch\//, path: ['spec', 'jobTemplate', ...template], ends: true },
};

/** Every pod that a document makes; lists are looked into. */
export function findPods(root: unknown, path: Path = []): PodPlace[] {
  const object = valueAt(root, path);
  if (!isMapping(object)) return [];
  const { kind, apiVersion, items } = object;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return [];
  if (kind.endsWith('List')) return itemsOf(items).flatMap((_, index) => findPods(root, [...path, 'items', index]));
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (known === undefined || !known.group.test(apiVersion)) return [];
  return [{ name: `${kind}/${nameOf(object)}`, path: [...path, ...known.path], ends: known.ends }];
}

function nameOf({ metadata }: Record<string, unknown>): string {
  const { name, generateName } = isMapping(metadata) ? metadata : {};
  return [name, generateName].find(each => typeof each === 'string') ?? '?';
}
