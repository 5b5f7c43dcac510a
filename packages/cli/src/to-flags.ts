// SPDX-License-Identifier: Apache-2.0
import { camelCase, flagName, type InputName, inputNames, type Raw, ScanError } from '@cinc-scan/core';
import type { commonOptions } from './common-options.ts';
import type { InputOptions } from './input-options.ts';
import type { ParsedBy } from './option-set.ts';
import type { targetOptions } from './target-options.ts';

/** Options that say something of inputs, of whichever command. */
export type FlagOptions = InputOptions<InputName> & ParsedBy<typeof commonOptions> & ParsedBy<typeof targetOptions>;

/** Flags by input name; short forms of levels and labels in their long form. */
export function toFlags(targets: string[], options: FlagOptions): Raw {
  const all = [...targets, ...(options.labels ?? []).map(label => `-l ${label}`)];
  const level = levelOf(options);
  return {
    ...toRaw(options),
    ...(all.length > 0 && { targets: all }),
    ...(level !== undefined && { 'log-level': level }),
  };
}

const byFlag = new Map(inputNames.map(name => [camelCase(flagName(name)), name]));

/** Flags as the user gave them, by input name. */
export function toRaw(options: InputOptions<InputName>): Raw {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => {
      const name = byFlag.get(key);
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

const shortLevels = ['quiet', 'verbose', 'debug'] as const;

function levelOf({ logLevel, ...options }: FlagOptions): string | undefined {
  const short = shortLevels.filter(name => options[name] === true);
  const given = [
    ...short.map(name => `--${name}`),
    ...(logLevel === undefined ? [] : [`--log-level ${JSON.stringify(logLevel)}`]),
  ];
  if (new Set([...short, ...(logLevel === undefined ? [] : [logLevel])]).size > 1)
    throw new ScanError('USAGE', `${given.join(' and ')} contradict each other`, { remedy: 'Give one of them.' });
  return short[0];
}
