// SPDX-License-Identifier: Apache-2.0

import { error, notice, warning } from '@actions/core';
import { type Annotation, findAnchors, type Scan, toAnnotations } from '@cinc-scan/core';
import type { Link } from './summary.ts';

const levels: Record<Annotation['level'], typeof error> = { error, warning, notice };

/** Notes at the run, and in a pull request at the lines of the profile, if it lies in the repository. */
export async function annotate({ model }: Scan): Promise<Link[]> {
  const anchors = await findAnchors(model, process.cwd());
  for (const { level, title, message, path, line } of toAnnotations(model, anchors))
    levels[level](message, { title, file: path, startLine: line });
  return [];
}
