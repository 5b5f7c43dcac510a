// SPDX-License-Identifier: Apache-2.0
import type { ArtifactClient } from './keep-artifact.ts';

/** The files around this one. */
export interface Program {
  /** Folder of the entry points, the engine beside them. */
  home: string;
  /** As large as all the rest, and mostly not needed. */
  loadArtifactClient: () => Promise<ArtifactClient>;
}
