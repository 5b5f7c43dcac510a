// SPDX-License-Identifier: Apache-2.0

/** What two looks have to agree in before the one says anything about what the other found. */
export interface Coverage {
  target: string;
  /** What was asked for: namespaces, classes, filters. */
  scope: string;
  /** What was looked for: the benchmark, profile or major version. */
  ruleset: string;
}

/** What a source did in a run. */
export interface Look extends Coverage {
  source: string;
  kind: 'looked' | 'not-looked';
  /** Rules that were not evaluated this time, such as manual checks; what of them is missing is not fixed. */
  unchecked: readonly string[];
}
