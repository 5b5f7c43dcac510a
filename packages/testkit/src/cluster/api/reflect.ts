// SPDX-License-Identifier: Apache-2.0
// @peculiar/x509 finds its providers through tsyringe, which refuses to load without the metadata part of `Reflect`
// and asks it for nothing but what was stored before: https://github.com/microsoft/tsyringe#installation
type Key = string | symbol;

const stored = new WeakMap<object, Map<Key, unknown>>();

function defineMetadata(key: Key, value: unknown, target: object): void {
  const own = stored.get(target) ?? new Map<Key, unknown>();
  stored.set(target, own.set(key, value));
}

function getOwnMetadata(key: Key, target: object): unknown {
  return stored.get(target)?.get(key);
}

function getMetadata(key: Key, target: object): unknown {
  for (let holder: object | null = target; holder !== null; holder = Reflect.getPrototypeOf(holder)) {
    const found = getOwnMetadata(key, holder);
    if (found !== undefined) return found;
  }
  return undefined;
}

for (const [name, value] of Object.entries({ defineMetadata, getOwnMetadata, getMetadata })) {
  if (!Reflect.has(Reflect, name)) Reflect.defineProperty(Reflect, name, { configurable: true, writable: true, value });
}
