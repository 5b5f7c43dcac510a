// SPDX-License-Identifier: Apache-2.0
import { born } from './birth.ts';
import { copy, same } from './json.ts';
import { type Kind, kindNamed, type Version } from './kinds.ts';
import type { KubeObject } from './objects.ts';
import type { KindName } from './schemas.ts';
import { alreadyExists, notFound } from './status.ts';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  revision: number;
  kind: Kind;
  object: KubeObject;
  /** What was stored before, for selectors that it matched. */
  previous: KubeObject | undefined;
}

export type Listener = (event: StoreEvent) => void;
export type Change = (object: KubeObject) => void;

const firstRevision = 1000;
const keptEvents = 2000;

/** All objects, with one revision counter and a bounded history, as etcd keeps them. Objects handed out are not to be changed. */
export class Store {
  readonly now: () => Date;
  readonly version: Version;
  #revision = firstRevision;
  #compacted = firstRevision;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  #history: StoreEvent[] = [];
  readonly #listeners = new Set<Listener>();

  constructor(options: { now: () => Date; version: Version }) {
    this.now = options.now;
    this.version = options.version;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Changes before this revision are forgotten. */
  get compacted(): number {
    return this.#compacted;
  }

  list(kind: Kind | KindName, namespace = ''): KubeObject[] {
    const all = [...this.#of(kind).entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    return namespace === '' ? all : all.filter(object => object.metadata.namespace === namespace);
  }

  find(kind: Kind | KindName, namespace: string, name: string): KubeObject | undefined {
    return this.#of(kind).get(keyOf(namespace, name));
  }

  get(kind: Kind | KindName, namespace: string, name: string): KubeObject {
    const found = this.find(kind, namespace, name);
    if (found === undefined) throw notFound(typeof kind === 'string' ? kindNamed(kind) : kind, name);
    return found;
  }

  findByUid(uid: string): KubeObject | undefined {
    for (const objects of this.#objects.values()) {
      for (const object of objects.values()) if (object.metadata.uid === uid) return object;
    }
    return undefined;
  }

  create(kind: Kind, object: KubeObject): KubeObject {
    const { name, namespace = '' } = object.metadata;
    if (this.find(kind, namespace, name) !== undefined) throw alreadyExists(kind, name);
    return this.#write('ADDED', kind, born(object, { now: this.now(), version: this.version }));
  }

  /** Applies a change to a copy of what is stored and stores it when it differs. */
  change(kind: Kind, of: KubeObject, change: Change): KubeObject | undefined {
    const { name, namespace = '' } = of.metadata;
    const current = this.find(kind, namespace, name);
    if (current === undefined || current.metadata.uid !== of.metadata.uid) return undefined;
    const next = copy(current);
    change(next);
    return this.replace(kind, next);
  }

  replace(kind: Kind, next: KubeObject): KubeObject {
    const current = this.get(kind, next.metadata.namespace ?? '', next.metadata.name);
    if (same(current, next)) return current;
    return this.#write('MODIFIED', kind, next);
  }

  remove(kind: Kind, object: KubeObject): KubeObject {
    const { name, namespace = '' } = object.metadata;
    const current = this.get(kind, namespace, name);
    return this.#write('DELETED', kind, current);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  since(revision: number): StoreEvent[] {
    return this.#history.filter(event => event.revision > revision);
  }

  #of(kind: Kind | KindName): Map<string, KubeObject> {
    const name = typeof kind === 'string' ? kind : kind.kind;
    const found = this.#objects.get(name) ?? new Map<string, KubeObject>();
    this.#objects.set(name, found);
    return found;
  }

  #write(type: StoreEvent['type'], kind: Kind, object: KubeObject): KubeObject {
    const { name, namespace = '' } = object.metadata;
    const previous = this.find(kind, namespace, name);
    this.#revision += 1;
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    if (type === 'DELETED') this.#of(kind).delete(keyOf(namespace, name));
    else this.#of(kind).set(keyOf(namespace, name), written);
    this.#tell({ type, revision: this.#revision, kind, object: written, previous });
    return written;
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    if (this.#history.length > keptEvents) {
      this.#history = this.#history.slice(keptEvents / 2);
      this.#compacted = (this.#history[0]?.revision ?? this.#revision) - 1;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
