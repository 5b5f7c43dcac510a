// SPDX-License-Identifier: Apache-2.0
import {
  type CamelCase,
  environmentName,
  type FlagName,
  flagName,
  type Input,
  type InputGroup,
  type InputName,
  inputNames,
  inputs,
} from '@cinc-scan/core';
import { Option } from 'commander';
import { gather } from './gather.ts';

/** What the parser makes of these inputs, by flag: texts that nobody has checked yet. */
export type InputOptions<Name extends InputName> = {
  [N in Name as CamelCase<FlagName<N>>]?: ParsedInput<(typeof inputs)[N]> | undefined;
};

type ParsedInput<I extends Input> = I['type'] extends 'list' ? string[] : I['type'] extends 'flag' ? true : string;

/** Names of the inputs in a group. */
export type InputsOf<G extends InputGroup> = {
  [N in InputName]: (typeof inputs)[N]['group'] extends G ? N : never;
}[InputName];

const placeholders: Record<Input['type'], string> = {
  text: '<text>',
  secret: '<path>',
  list: '<item>',
  flag: '',
  choice: '<choice>',
  duration: '<duration>',
  count: '<number>',
};

export const groupHeadings: Record<InputGroup, string> = {
  target: 'What to scan:',
  profile: 'With which profile:',
  gate: 'When it passes:',
  access: 'With which rights:',
  server: 'By a scan service, in place of this machine:',
  report: 'What to write:',
  run: 'How to run:',
  findings: 'From what, and what of it counts:',
};

/** The inputs of a group as options, as the manifest has them. */
export const inputOptions = (group: InputGroup, without: readonly InputName[]): Option[] =>
  inputNames.filter(name => inputs[name].group === group && !without.includes(name)).map(toOption);

function toOption(name: InputName): Option {
  const input: Input = inputs[name];
  const long = `--${flagName(name)}`;
  const flags = [input.short === undefined ? long : `-${input.short}, ${long}`, placeholders[input.type]]
    .filter(Boolean)
    .join(' ');
  const option = new Option(flags, `${input.description}${hint(name, input)}`);
  return input.type === 'list' ? option.argParser(gather) : option;
}

// Choices, ranges and defaults are the schema's to check, for every source alike; here they are only told.
function hint(name: InputName, input: Input): string {
  const choices = input.type === 'choice' ? input.choices.join(', ') : undefined;
  const given = 'default' in input ? `default: ${String(input.default)}` : undefined;
  const told = [choices, given, `env: ${environmentName(name)}`].filter(Boolean);
  return ` (${told.join('; ')})`;
}
