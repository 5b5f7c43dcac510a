// SPDX-License-Identifier: Apache-2.0
import { isScanError, type Raw, readUserConfig, resolveValues, type Sources, type Values } from '@cinc-scan/core';
import type { Terminal } from './terminal.ts';

/** All sources, the configuration file of the working folder included. */
export const readSources = (flags: Raw, config: string | undefined, { environment }: Terminal): Sources => ({
  flags,
  environment,
  file: readUserConfig(config, environment),
});

/** The values of all sources. */
export const readValues = (flags: Raw, config: string | undefined, terminal: Terminal): Values =>
  toValues(readSources(flags, config, terminal), terminal);

export function toValues(sources: Sources, { log }: Terminal): Values {
  const values = resolveValues(sources);
  log.format = values['log-format'];
  return values;
}

/** The sources of a run as far as they can be read: to leave word, or to find it, where they make no sense as a whole. */
export function readableSources(flags: Raw, config: string | undefined, terminal: Terminal): Sources {
  try {
    return readSources(flags, config, terminal);
  } catch (error) {
    if (!isScanError(error)) throw error;
    return { flags, environment: terminal.environment, file: undefined };
  }
}
