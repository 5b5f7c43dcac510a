// SPDX-License-Identifier: Apache-2.0
import type { ArchiveEntry } from '../../profile/index.ts';
import type { ThresholdText } from '../../request/index.ts';
import type { GivenBaseline } from '../../results/index.ts';

/** A text with the name that its user knows it by. */
export interface NamedText {
  name: string;
  content: string;
}

/**
 * What the files hold that a request names. Whoever may open them reads them, at the edge ({@link readContents}); a
 * document brings its own ({@link openRequest}). From here on nobody opens a file because a request says so, but for
 * a profile that is a folder or an archive of the user's own.
 */
export interface Contents {
  threshold: ThresholdText | undefined;
  waivers: NamedText[];
  inputFiles: NamedText[];
  baseline: GivenBaseline | undefined;
  /** Files of profiles by the name under which the request has them in its list; the others are sources. */
  profiles: ReadonlyMap<string, ArchiveEntry[]>;
}
