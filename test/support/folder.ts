// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestCluster } from './cluster.ts';

/** A new working folder with these files, below the test's own. */
export function folderWith({ folder }: Pick<TestCluster, 'folder'>, files: Record<string, string>): string {
  const made = mkdtempSync(join(folder, 'w-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made, path)), { recursive: true });
    writeFileSync(join(made, path), text);
  }
  return made;
}
