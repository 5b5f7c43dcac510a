// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Blobs } from './blobs.ts';
import { openBucket } from './bucket-place.ts';
import { CompressedBlobs } from './compressed-blobs.ts';
import { FolderPlace } from './folder-place.ts';

export interface BlobSettings {
  /** The data folder. */
  data: string;
  /** Of a bucket; undefined: in the data folder. */
  address: string | undefined;
  /** Holds the credentials of the bucket, and names proxies. */
  environment: NodeJS.ProcessEnv;
}

/** Where the contents of a service lie. Throws INPUT_INVALID. */
export function openBlobs({ data, address, environment }: BlobSettings): Blobs {
  if (address === undefined) return new CompressedBlobs(new FolderPlace(join(data, 'blobs')));
  return new CompressedBlobs(openBucket(address, { environment, draftFolder: join(data, 'drafts') }));
}

/** That contents can be kept and read is known at the start, and not when the first scan ends. Throws what is in the way. */
export async function requireUsable(blobs: Blobs): Promise<void> {
  await blobs.get(await blobs.put(Buffer.from('cinc-scan-service\n')));
}
