// SPDX-License-Identifier: Apache-2.0
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { isObject, type JsonObject, objectAt } from '../objects/json.ts';
import type { Pod, Volume, VolumeItem } from '../objects/objects.ts';
import type { Store } from '../objects/store.ts';

export type Placed = { path: string; readOnly: boolean };

export interface VolumeSources {
  store: Store;
  ca: string;
  /** A token for the pod's ServiceAccount. */
  token(pod: Pod): string;
}

/** Makes every volume of a pod a directory on the host; nothing yet if a ConfigMap or Secret is missing. */
export async function placeVolumes(
  pod: Pod,
  root: string,
  sources: VolumeSources,
): Promise<Map<string, Placed> | undefined> {
  const placed = new Map<string, Placed>();
  for (const volume of pod.spec.volumes ?? []) {
    const path = join(root, 'volumes', `kubernetes.io~${pluginOf(volume)}`, volume.name);
    const one = await placeVolume(pod, volume, { path, sources });
    if (one === undefined) return undefined;
    placed.set(volume.name, one);
  }
  return placed;
}

/** As the kubelet names the folders of a pod: they show in the mounts of its containers. */
function pluginOf(volume: Volume): string {
  const [source = 'emptyDir'] = Object.keys(volume).filter(key => key !== 'name');
  return source === 'emptyDir' ? 'empty-dir' : source.toLowerCase();
}

type Place = { path: string; sources: VolumeSources };

async function placeVolume(pod: Pod, volume: Volume, { path, sources }: Place): Promise<Placed | undefined> {
  if (volume.hostPath !== undefined) return { path: volume.hostPath.path, readOnly: false };
  const files = filesOf(pod, volume, sources);
  if (files === undefined) return undefined;
  await mkdir(path, { recursive: true });
  const group = pod.spec.securityContext.fsGroup;
  await chmod(path, 0o777);
  if (group !== undefined) await chown(path, 0, group);
  for (const [name, content] of files) await writeInside(path, name, content);
  return { path, readOnly: volume.emptyDir === undefined };
}

async function writeInside(root: string, name: string, content: Buffer): Promise<void> {
  const path = resolve(root, name);
  if (!path.startsWith(root + sep)) throw new RangeError(`The volume file ${name} would lie outside of its volume`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o644 });
}

type Files = [string, Buffer][];

function filesOf(pod: Pod, volume: Volume, sources: VolumeSources): Files | undefined {
  const namespace = pod.metadata.namespace ?? '';
  if (volume.configMap !== undefined) {
    const found = sources.store.find('ConfigMap', namespace, volume.configMap.name);
    if (found === undefined) return volume.configMap.optional === true ? [] : undefined;
    return chosen(
      [...plain(objectAt(found, 'data')), ...decoded(objectAt(found, 'binaryData'))],
      volume.configMap.items,
    );
  }
  if (volume.secret !== undefined) {
    const found = sources.store.find('Secret', namespace, volume.secret.secretName);
    if (found === undefined) return volume.secret.optional === true ? [] : undefined;
    return chosen(decoded(objectAt(found, 'data')), volume.secret.items);
  }
  return isObject(volume.projected) ? accountFiles(pod, sources) : [];
}

function accountFiles(pod: Pod, sources: VolumeSources): Files {
  return plain({ token: sources.token(pod), 'ca.crt': sources.ca, namespace: pod.metadata.namespace ?? '' });
}

function plain(data: JsonObject): Files {
  return Object.entries(data).map(([name, text]) => [name, Buffer.from(typeof text === 'string' ? text : '')]);
}

function decoded(data: JsonObject): Files {
  return Object.entries(data).map(([name, text]) => [
    name,
    Buffer.from(typeof text === 'string' ? text : '', 'base64'),
  ]);
}

function chosen(files: Files, items: VolumeItem[] | undefined): Files {
  if (items === undefined) return files;
  return items.flatMap(item =>
    files.filter(([name]) => name === item.key).map(([, content]): [string, Buffer] => [item.path, content]),
  );
}
