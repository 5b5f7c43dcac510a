// SPDX-License-Identifier: Apache-2.0
import { type ContentStore, openContents, ScanError } from '@cinc-scan/core';
import type { BlobPlace, Draft } from './blob-place.ts';

/** Contents in a bucket of S3 and what is compatible, Google Cloud Storage or Azure Blob. */
class BucketPlace implements BlobPlace {
  readonly draftFolder: string;
  private readonly store: ContentStore;

  constructor(store: ContentStore, draftFolder: string) {
    this.store = store;
    this.draftFolder = draftFolder;
  }

  get address(): string {
    return this.store.address;
  }

  dateOf(name: string): Promise<Date | undefined> {
    return this.store.dateOf(name);
  }

  list(prefix: string): Promise<string[]> {
    return this.store.list(prefix);
  }

  put(name: string, draft: Draft): Promise<void> {
    return this.store.putFile(name, draft);
  }

  async get(name: string): Promise<AsyncIterable<Uint8Array>> {
    const pieces = await this.store.getPieces(name);
    if (pieces !== undefined) return pieces;
    throw new ScanError('SERVICE_DATA', `${this.address} has no ${name}`);
  }

  delete(name: string): Promise<void> {
    return this.store.delete(name);
  }
}

/** `s3://bucket/prefix`, with `?endpoint=https://…` for a server of somebody else's. Throws INPUT_INVALID. */
export function openBucket(
  text: string,
  { environment, draftFolder }: { environment: NodeJS.ProcessEnv; draftFolder: string },
): BlobPlace {
  const [address = '', query] = text.split('?', 2);
  const endpoint = query === undefined ? undefined : endpointIn(query);
  const { store } = openContents(address, {
    workspace: '/',
    environment,
    ...(endpoint !== undefined && { endpoint }),
  });
  return new BucketPlace(store, draftFolder);
}

function endpointIn(query: string): string {
  const [[name, value] = [], ...others] = [...new URLSearchParams(query)];
  if (name === 'endpoint' && value !== undefined && others.length === 0) return value;
  throw new ScanError('INPUT_INVALID', 'blobs: after the question mark stands endpoint=, and nothing else');
}
