// SPDX-License-Identifier: Apache-2.0
import type { Row } from './rows.ts';

/** A place in the repository: code scanning and code quality refuse findings without one. */
export interface Anchor {
  /** Relative to the workspace, with `/`, not yet percent-encoded. */
  path: string;
  line: number;
}

export interface Anchors {
  /** For what has no control, and for controls whose source is not in the workspace. */
  fallback: Anchor;
  /** By `anchorKey`: controls whose source file lies in the workspace. */
  controls: Map<string, Anchor>;
}

export const noAnchors: Anchors = { fallback: { path: 'cinc-scan.yml', line: 1 }, controls: new Map() };

export const anchorKey = (row: Row): string => JSON.stringify([row.outcome.profile.source, row.source?.ref ?? '']);

export function anchorOf(anchors: Anchors, row: Row): Anchor {
  const found = anchors.controls.get(anchorKey(row));
  return found === undefined ? anchors.fallback : { path: found.path, line: row.source?.line ?? 1 };
}
