// SPDX-License-Identifier: Apache-2.0
// Bundled by itself: the artifact client is as large as all the rest.
import { DefaultArtifactClient, GHESNotSupportedError } from '@actions/artifact';

export type Kept = { kind: 'kept'; id: number } | { kind: 'unsupported'; message: string };

/** Uploads these files under one name. */
export async function uploadArtifact(name: string, files: string[], root: string): Promise<Kept> {
  try {
    const { id } = await new DefaultArtifactClient().uploadArtifact(name, files, root);
    return { kind: 'kept', id: id ?? 0 };
  } catch (error) {
    if (error instanceof GHESNotSupportedError)
      return { kind: 'unsupported', message: 'This GitHub Enterprise Server does not keep artifacts of this kind.' };
    throw error;
  }
}
