// SPDX-License-Identifier: Apache-2.0
import { blankAsAbsent, readVariable } from './environment.ts';
import { environmentName, flagName, type InputName } from './interface.ts';
import type { Sources } from './values.ts';

/** Where somebody asks for this one run: not the file, which the runs of a repository share. */
export type SourcesHere = Omit<Sources, 'file'>;

/** The first of these inputs that flags, step or environment give, as they spell it. */
export function givenHere(names: readonly InputName[], sources: SourcesHere): string | undefined {
  const { flags, step = {}, environment } = sources;
  const flag = names.find(name => name in flags);
  if (flag !== undefined) return flag === 'targets' ? 'A target' : `--${flagName(flag)}`;
  const input = names.find(name => blankAsAbsent(step[name]) !== undefined);
  if (input !== undefined) return `The input ${input}`;
  const variable = names.find(name => readVariable(environment, environmentName(name)) !== undefined);
  return variable && environmentName(variable);
}
