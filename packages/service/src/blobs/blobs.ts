// SPDX-License-Identifier: Apache-2.0
/** Content by its SHA-256. */
export interface Blobs {
  /** Keeps content and gives its digest. What is there already is not written again. Throws SERVICE_DATA. */
  put(bytes: Buffer): Promise<string>;
  /** Throws SERVICE_DATA where it is gone or is not what it was. */
  get(digest: string): Promise<Buffer>;
  delete(digest: string): Promise<void>;
}
