// SPDX-License-Identifier: Apache-2.0
export { destinationOf, writeInto } from './destination.ts';
export { keepsConditions } from './keeps-conditions.ts';
export { type LockOptions, withLock } from './lock.ts';
export { type ContentStore, type ObjectStore, type PutAnswer, toBytes, toNamePart } from './object-store.ts';
export {
  type OpenedContents,
  type OpenedObject,
  openContents,
  openObject,
  openStore,
  type StoreSurroundings,
} from './open-store.ts';
export { checkFolder, isInside, writeAtomic } from './write-atomic.ts';
