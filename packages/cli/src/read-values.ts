// SPDX-License-Identifier: Apache-2.0
import { isScanError, type Raw, readUserConfig, resolveValues, type Sources, type Values } from '@cinc-scan/core';
import type { Terminal } from './terminal.ts';

/** Values from all sources, the configuration file of the working folder included. */
export function readValues(flags: Raw, config: string | undefined, { environment, log }: Terminal): Values {
  const values = resolveValues({ flags, environment, file: readUserConfig(config, environment) });
  log.format = values['log-format'];
  return values;
}

/** The sources of a run as far as they can be read: to leave word, or to find it, where they make no sense as a whole. */
export function readableSources(flags: Raw, config: string | undefined, { environment }: Terminal): Sources {
  try {
    return { flags, environment, file: readUserConfig(config, environment) };
  } catch (error) {
    if (!isScanError(error)) throw error;
    return { flags, environment, file: undefined };
  }
}
