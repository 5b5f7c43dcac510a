// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { type EngineInstall, type EngineSettings, findEngine } from '@cinc-scan/core';
import { cacheHome } from './caches.ts';
import { root } from './cinc-scan.ts';

/** The engine of this checkout, with what the machine's cache has for it. */
export const engineSettings: Omit<EngineSettings, 'choice'> = {
  directory: join(root, 'packages/engine'),
  cacheDirectory: join(cacheHome, 'cinc-scan'),
  path: process.env['PATH'] ?? '',
  installEnvironment: process.env,
};

/** With the locked gems, whatever auditor is installed: they are what the tests were written for. */
export const findLockedEngine = (): Promise<EngineInstall> => findEngine({ choice: 'gems', ...engineSettings });
