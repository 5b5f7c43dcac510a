// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';
import { inBlocks } from './destination.ts';

export interface StoredObject {
  bytes: Buffer;
  /** Changes with the contents; what `put` compares with. */
  version: string;
}

/** An object is put only where there is none, or where it still is the version that was read. */
export type PutCondition = { kind: 'new' } | { kind: 'version'; version: string };

export interface PutOptions {
  condition: PutCondition;
  /** For its owner alone, where the store knows such a thing for one object. */
  isPrivate?: boolean;
}

/** Bytes, or the pieces of a text that is too long to be held twice. */
export type StoredContents = Uint8Array | Iterable<string>;

export type PutAnswer = { kind: 'stored'; version: string } | { kind: 'conflict' };

/** Where a run puts what others shall find: a folder, or a bucket below a prefix. Failures are STORE_FAILED. */
export interface ObjectStore {
  /** For people: without anything secret. */
  readonly address: string;
  /** Whether it is known to keep conditions; of other servers `keepsConditions` finds out. */
  readonly isTrusted: boolean;
  get(name: string): Promise<StoredObject | undefined>;
  put(name: string, contents: StoredContents, options: PutOptions): Promise<PutAnswer>;
  /** Names that begin with a prefix, in order. */
  list(prefix: string): Promise<string[]>;
}

/** A file that is put as it is. */
export interface StoredFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** The same for contents that are too large to be held, and that never change under their names. Failures are STORE_FAILED. */
export interface ContentStore {
  readonly address: string;
  /** Undefined where there is none. The pieces end in an error where the content is cut off. */
  getPieces(name: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  putFile(name: string, file: StoredFile): Promise<void>;
  /** When it was put; undefined where there is none. */
  dateOf(name: string): Promise<Date | undefined>;
  /** What is not there is gone already. */
  delete(name: string): Promise<void>;
  list(prefix: string): Promise<string[]>;
}

/** Of a state with 100,000 findings, and of the largest result. */
export const mostObjectBytes = 400 * 1_048_576;

const part = /^[A-Za-z0-9_=@~-][A-Za-z0-9._=@~-]{0,199}$/;
const mostNameLength = 700;

/**
 * Whether a name stays below its prefix whatever reads it: no empty, hidden or upward part, and nothing that a server or a shell
 * would take for more than a letter.
 */
export const isObjectName = (name: string): boolean =>
  name.length <= mostNameLength && name.split('/').every(each => part.test(each));

/** Names are made of scopes, ids and paths that others wrote: none may lead elsewhere. */
export function requireName(name: string, address: string): string {
  if (isObjectName(name)) return name;
  throw new ScanError(
    'STORE_FAILED',
    `${address}: ${JSON.stringify(name.slice(0, 200))} cannot be the name of an object`,
  );
}

/** What follows of a name, as part of one: anything that a name may not hold becomes an underscore. */
export function toNamePart(text: string): string {
  const safe = text.replaceAll(/[^A-Za-z0-9._=@~-]/g, '_').slice(0, 150);
  return /^[.]/.test(safe) || safe === '' ? `_${safe}` : safe;
}

export function storeFailed(address: string, problem: string, details: { cause?: unknown; remedy?: string } = {}) {
  return new ScanError('STORE_FAILED', `${address}: ${problem}`, details);
}

/** Pieces are put together block by block: there may be a hundred thousand of them. */
export function toBytes(contents: StoredContents): Buffer {
  if (ArrayBuffer.isView(contents)) return Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
  return Buffer.concat(Array.from(inBlocks(contents), block => Buffer.from(block)));
}
