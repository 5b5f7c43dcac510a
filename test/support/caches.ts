// SPDX-License-Identifier: Apache-2.0
import { homedir } from 'node:os';
import { join } from 'node:path';

export const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');

/** For commands that run from sources: stripping and compiling those takes half of a short command's time. */
export const compiled = { NODE_COMPILE_CACHE: join(cacheHome, 'cinc-scan', 'node') };
