// SPDX-License-Identifier: Apache-2.0
import { environmentName, type Group, type Input, type InputName, inputNames, inputs, type Raw } from '@cinc-scan/core';
import { type Command, Option } from 'commander';

const placeholders: Record<Input['type'], string> = {
  text: '<text>',
  secret: '<path>',
  list: '<item>',
  flag: '',
  choice: '<choice>',
  duration: '<duration>',
  count: '<number>',
};

const headings: Record<Group, string> = {
  target: 'What to scan:',
  profile: 'With which profile:',
  gate: 'When it passes:',
  access: 'With which rights:',
  report: 'What to write:',
  run: 'How to run:',
};

// On a command line one names one report at a time.
const flagNames: Partial<Record<InputName, string>> = { reports: 'report' };

/** Adds the inputs of these groups to a command, as the manifest has them. */
export function addInputs(command: Command, groups: Group[], without: InputName[] = []): void {
  for (const group of groups) {
    command.optionsGroup(headings[group]);
    for (const name of inputNames)
      if (inputs[name].group === group && !without.includes(name)) command.addOption(toOption(name));
  }
}

function toOption(name: InputName): Option {
  const input: Input = inputs[name];
  const long = `--${flagNames[name] ?? name}`;
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

function gather(item: string, before: string[] | undefined): string[] {
  return [...(before ?? []), item];
}

/** Flags as the user gave them, by input name. */
export function toRaw(options: Record<string, unknown>): Raw {
  const byFlag = new Map(inputNames.map(name => [camelCase(flagNames[name] ?? name), name]));
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => {
      const name = byFlag.get(key);
      return name === undefined ? [] : [[name, value]];
    }),
  );
}

const camelCase = (name: string) => name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
