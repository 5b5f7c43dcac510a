// SPDX-License-Identifier: Apache-2.0

import { warning } from '@actions/core';
import { ScanError } from '@cinc-scan/core';

/** Says at once where it cannot work. */
export function checkPlatform(platform: NodeJS.Platform): void {
  if (platform === 'win32')
    throw new ScanError('USAGE', 'Windows runners are not supported: the engine forks, and speaks over Unix sockets', {
      remedy: 'Use runs-on: ubuntu-24.04 (x64 or ARM64); the cluster may be anywhere.',
    });
  if (platform !== 'linux')
    warning(`cinc-scan is tested on Linux runners alone; on ${platform} it may work with engine: gems.`);
}
