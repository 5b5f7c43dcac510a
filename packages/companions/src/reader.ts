// SPDX-License-Identifier: Apache-2.0
import type { Input } from './input/input.ts';
import type { Journal } from './journal.ts';
import type { About } from './reading.ts';

/** What the user demands of a result beyond that it is one. */
export interface Wanted {
  /** Parts that have to be in it: classes of Trivy, sections of kube-bench, linters, frameworks. */
  parts: readonly string[];
  /** Whose ratings count first, where several rate one vulnerability. */
  ratings: readonly string[];
  /** What the time is, for results whose waivers expire. */
  now: Date;
}

/** How one tool's results are read. Adding a reader is one file and one line in the table. */
export interface Reader {
  /** As sources and fingerprints name it. */
  tool: string;
  title: string;
  /** `one` document of JSON; documents in a row with `lines` around them; or `text`. */
  framing: 'one' | 'lines' | 'text';
  /** Exit codes with which the tool has looked, as long as the call does not choose its own. */
  exits: readonly number[];
  /** Whether the result has what only this tool's have. */
  fits: (input: Input) => boolean;
  read: (input: Input, journal: Journal, wanted: Wanted) => About;
}
