// SPDX-License-Identifier: Apache-2.0
import { ownMarker, ScanError, sidecarAnnotation, sidecarName, targetMarker } from '@cinc-scan/core';
import { isMapping, isSame, type Json, type Operation, type Path, valueAt } from './operation.ts';
import {
  requireVolume,
  resultsVolume,
  type SidecarSettings,
  toContainer,
  toEnvironment,
  toMounts,
} from './settings.ts';
import type { PodPlace } from './workloads.ts';

/** What a pod lacks to be looked into from an injected container. */
export interface PodPlan {
  name: string;
  /** `missing`: there is no injected container; `stale`: something of it is not as it should be. */
  state: 'injected' | 'missing' | 'stale';
  operations: Operation[];
  notices: string[];
}

type Mapping = Record<string, unknown>;

/** A container and where it stands. */
interface FoundContainer {
  path: Path;
  container: Mapping;
  name: string;
}

interface Planning {
  place: PodPlace;
  settings: SidecarSettings;
  spec: Mapping;
  /** Where the pod's `spec` is. */
  path: Path;
  others: FoundContainer[];
  own: FoundContainer | undefined;
  /** As an init container that restarts always, which a pod need not wait for to end. */
  native: boolean;
}

/** Which changes make a pod one that has the container; none if it has. Throws for pods that cannot have it. */
export function planPod(root: unknown, place: PodPlace, settings: SidecarSettings): PodPlan {
  const planning = read(root, place, settings);
  refuse(planning);
  const operations = [
    ...planning.others.flatMap(each => planMarker(planning, each)),
    ...planContainer(planning),
    ...planVolume(planning),
    ...planShared(planning),
    ...planAnnotation(root, place),
  ];
  const state = operations.length === 0 ? 'injected' : planning.own === undefined ? 'missing' : 'stale';
  return { name: place.name, state, operations, notices: planning.native ? [nativeNotice(place)] : [] };
}

const nativeNotice = ({ name }: PodPlace) =>
  `${name}: the container is a native sidecar, so that the pod can end: Kubernetes 1.29 or later (or see --idle-for)`;

const invalid = ({ name }: PodPlace, problem: string, remedy?: string) =>
  new ScanError('INPUT_INVALID', `${name} ${problem}`, remedy === undefined ? {} : { remedy });

function read(root: unknown, place: PodPlace, settings: SidecarSettings): Planning {
  const path = [...place.path, 'spec'];
  const spec = valueAt(root, path);
  if (!isMapping(spec)) throw invalid(place, 'has no pod spec');
  const regular = placesOf(place, spec, 'containers');
  if (regular.length === 0) throw invalid(place, 'has no containers');
  const all = [...regular, ...placesOf(place, spec, 'initContainers')];
  const own = all.find(({ name }) => name === sidecarName);
  const stays = (each: FoundContainer) =>
    each.path.at(-2) === 'containers' || each.container['restartPolicy'] === 'Always';
  const ends =
    place.ends || (spec['restartPolicy'] !== undefined && spec['restartPolicy'] !== 'Always' && isBarePod(place));
  return {
    place,
    settings: { ...settings, image: settings.image ?? textOf(own?.container['image']) },
    spec,
    path,
    others: all.filter(each => each !== own && stays(each)),
    own,
    native: ends && settings.idleSeconds === undefined,
  };
}

const isBarePod = ({ path }: PodPlace) => path.at(-1) !== 'template';
const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

function placesOf(place: PodPlace, spec: Mapping, list: 'containers' | 'initContainers'): FoundContainer[] {
  const containers = spec[list] ?? [];
  if (!Array.isArray(containers)) throw invalid(place, `has ${list} that are not a list`);
  return containers.map((container: unknown, index) => {
    const name = isMapping(container) ? container['name'] : undefined;
    if (!isMapping(container) || typeof name !== 'string') throw invalid(place, `has a container without a name`);
    return { path: [...place.path, 'spec', list, index], container, name };
  });
}

function refuse({ place, settings, spec, own, native }: Planning): void {
  const { hostPID = null, os } = spec;
  if (hostPID !== null && hostPID !== false)
    throw invalid(place, 'shares the processes of its node (hostPID), and so cannot share those of the pod');
  if (isMapping(os) && os['name'] === 'windows') throw invalid(place, 'runs on Windows');
  if (settings.image === undefined && !settings.checkOnly)
    throw new ScanError('USAGE', `${place.name} has no injected container yet, and no image was named for it`, {
      remedy: 'Pass --image with a tools image that your nodes can pull.',
    });
  requireVolume(settings, Array.isArray(spec['volumes']) ? spec['volumes'] : [], place.name);
  if (own !== undefined) refuseForeign(place, own, native);
}

function refuseForeign(place: PodPlace, { container, path }: FoundContainer, native: boolean): void {
  const env: unknown[] = Array.isArray(container['env']) ? container['env'] : [];
  const isOurs = env.some(each => isMapping(each) && each['name'] === ownMarker && each['value'] === sidecarName);
  if (!isOurs)
    throw invalid(place, `has another container that is called "${sidecarName}"`, 'Give that container another name.');
  const remedy = 'Take the injected container out of the manifest and inject it again.';
  if (container['args'] !== undefined) throw invalid(place, 'gives the injected container arguments (args)', remedy);
  if ((path.at(-2) === 'initContainers') !== native)
    throw invalid(place, `has the injected container in its ${String(path.at(-2))}, where it does not belong`, remedy);
}

function planMarker({ place }: Planning, { path, container, name }: FoundContainer): Operation[] {
  return ensureItems(place, { path, holder: container, key: 'env', id: 'name' }, [{ name: targetMarker, value: name }]);
}

function planContainer(planning: Planning): Operation[] {
  const { settings, others, own, native, spec, path, place } = planning;
  const targets = others.map(({ name }) => name);
  const fields = {
    ...toContainer(settings, { workload: place.name, targets }),
    ...(native && { restartPolicy: 'Always' }),
  };
  const [env, mounts] = [toEnvironment(settings), toMounts(settings)];
  if (own === undefined) {
    const container = { ...fields, env, ...(mounts.length > 0 && { volumeMounts: mounts }) };
    return addItem({ path, holder: spec, key: native ? 'initContainers' : 'containers' }, container);
  }
  const { path: at, container } = own;
  return [
    ...ensureItems(place, { path: at, holder: container, key: 'env', id: 'name' }, env),
    ...ensureItems(place, { path: at, holder: container, key: 'volumeMounts', id: 'mountPath' }, mounts),
    ...Object.entries(fields).flatMap(([key, value]) => ensure({ path: at, holder: container, key }, value)),
  ];
}

function planVolume({ settings, place, path, spec }: Planning): Operation[] {
  if (settings.inPod === undefined) return [];
  const volume = { name: resultsVolume, emptyDir: {} };
  return ensureItems(place, { path, holder: spec, key: 'volumes', id: 'name' }, [volume]);
}

function planShared({ path, spec }: Planning): Operation[] {
  return ensure({ path, holder: spec, key: 'shareProcessNamespace' }, true);
}

function planAnnotation(root: unknown, { path }: PodPlace): Operation[] {
  const pod = valueAt(root, path);
  const holder = isMapping(pod) ? pod : {};
  const metadata = holder['metadata'];
  const wanted = { [sidecarAnnotation]: sidecarName };
  if (!isMapping(metadata)) return ensure({ path, holder, key: 'metadata' }, { annotations: wanted });
  const at = [...path, 'metadata'];
  const annotations = metadata['annotations'];
  if (!isMapping(annotations) || Object.keys(annotations).length === 0)
    return ensure({ path: at, holder: metadata, key: 'annotations' }, wanted);
  return ensure({ path: [...at, 'annotations'], holder: annotations, key: sidecarAnnotation }, sidecarName);
}

interface Key {
  path: Path;
  /** The mapping at the path. */
  holder: Mapping;
  key: string;
}

function ensure({ path, holder, key }: Key, value: Json): Operation[] {
  return isSame(holder[key], value) ? [] : [{ kind: 'set', path, key, value }];
}

function addItem({ path, holder, key }: Key, value: Json): Operation[] {
  const list = holder[key];
  if (Array.isArray(list) && list.length > 0) return [{ kind: 'append', path: [...path, key], value }];
  return [{ kind: 'set', path, key, value: [value] }];
}

/** Items of a list that are told from each other by one of their keys. */
function ensureItems(place: PodPlace, key: Key & { id: string }, wanted: { [key: string]: Json }[]): Operation[] {
  const list = key.holder[key.key];
  if (!Array.isArray(list) || list.length === 0)
    return wanted.length === 0 ? [] : [{ kind: 'set', path: key.path, key: key.key, value: wanted }];
  return wanted.flatMap(item => {
    const same = list.flatMap((each: unknown, index) =>
      isMapping(each) && each[key.id] === item[key.id] ? [{ each, index }] : [],
    );
    if (same.length === 0) return addItem(key, item);
    return same.flatMap(({ each, index }) => {
      const path = [...key.path, key.key, index];
      if (key.key === 'env' && Object.keys(each).some(name => !(name in item)))
        throw invalid(
          place,
          `takes the variable ${JSON.stringify(item['name'])} from elsewhere`,
          'Remove that variable.',
        );
      return Object.entries(item).flatMap(([name, value]) => ensure({ path, holder: each, key: name }, value));
    });
  });
}
