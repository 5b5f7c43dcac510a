// SPDX-License-Identifier: Apache-2.0

/** A file of this machine that is to become a content. */
export interface Draft {
  path: string;
  bytes: number;
  /** Of the file as it is. */
  sha256: string;
}

/** Where compressed contents lie, by plain names. What has a name is whole, and never changes. */
export interface BlobPlace {
  /** For people. */
  address: string;
  /** On the same disk as the place, if that is one. */
  draftFolder: string;
  /** When it was put; undefined where it is not there. */
  dateOf(name: string): Promise<Date | undefined>;
  /** Names that begin with a prefix, which ends with a slash. */
  list(prefix: string): Promise<string[]>;
  /** The draft may be gone afterwards. */
  put(name: string, draft: Draft): Promise<void>;
  /** Throws, or ends in an error, where it is not there or cannot be read. */
  get(name: string): Promise<AsyncIterable<Uint8Array>>;
  delete(name: string): Promise<void>;
}
