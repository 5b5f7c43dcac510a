// SPDX-License-Identifier: Apache-2.0

import { cacheDir, find } from '@actions/tool-cache';
import type { Environment, PackageStore } from '@cinc-scan/core';

/** The runner's own cache of tools: machines of one's own keep it, and may bring it filled. */
export function toolCache(environment: Environment): PackageStore | undefined {
  if ((environment['RUNNER_TOOL_CACHE'] ?? '') === '' || (environment['RUNNER_TEMP'] ?? '') === '') return undefined;
  return {
    find: ({ name, version, arch }) => find(name, version, arch) || undefined,
    keep: ({ name, version, arch }, folder) => cacheDir(folder, name, version, arch),
  };
}
