// SPDX-License-Identifier: Apache-2.0
import type { CamelCase, InputGroup, InputName } from '@cinc-scan/core';
import { type Command, Option, type OptionValues } from 'commander';
import { gather } from './gather.ts';
import { groupHeadings, type InputOptions, type InputsOf, inputOptions } from './input-options.ts';

/** What else is said of an option than its flags and what it is for. */
interface Settings {
  required?: true;
  /** May be given several times. */
  repeatable?: true;
  default?: string;
  choices?: readonly string[];
}

/** `output-dir` of `-o, --output-dir <folder>`. */
type LongName<Flags extends string> = Flags extends `${string}--${infer Long} ${string}`
  ? Long
  : Flags extends `${string}--${infer Long}`
    ? Long
    : never;

type Value<Flags extends string, S extends Settings> = S extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Flags extends `${string}<${string}...>`
    ? string[]
    : Flags extends `${string}<${string}>`
      ? S extends { repeatable: true }
        ? string[]
        : string
      : true;

type OptionOf<Flags extends string, S extends Settings> = S extends { required: true } | { default: string }
  ? { [Name in CamelCase<LongName<Flags>>]: Value<Flags, S> }
  : { [Name in CamelCase<LongName<Flags>>]?: Value<Flags, S> | undefined };

type Step = (command: Command) => unknown;

/** Options of a command, in the order of its help. What the parser makes of them is in the type. */
export class OptionSet<Parsed = unknown> {
  private readonly steps: readonly Step[];

  constructor(steps: readonly Step[] = []) {
    this.steps = steps;
  }

  heading(text: string): OptionSet<Parsed> {
    return new OptionSet([...this.steps, command => command.optionsGroup(text)]);
  }

  option<const Flags extends string, const S extends Settings = Settings>(
    flags: Flags,
    description: string,
    settings?: S,
  ): OptionSet<Parsed & OptionOf<Flags, S>> {
    return new OptionSet([...this.steps, command => command.addOption(toOption(flags, description, settings))]);
  }

  /** The inputs of these groups, as the manifest has them. */
  inputs<const G extends InputGroup, const Without extends InputName = never>(
    groups: readonly G[],
    without: readonly Without[] = [],
  ): OptionSet<Parsed & InputOptions<Exclude<InputsOf<G>, Without>>> {
    const added = groups.map(group => (command: Command) => {
      command.optionsGroup(groupHeadings[group]);
      for (const option of inputOptions(group, without)) command.addOption(option);
    });
    return new OptionSet([...this.steps, ...added]);
  }

  /** An option of other commands that is refused here, in words of its own. */
  refusing(flags: string, refuse: () => never): OptionSet<Parsed> {
    return new OptionSet([...this.steps, command => command.addOption(new Option(flags).hideHelp().argParser(refuse))]);
  }

  and<Others>(others: OptionSet<Others>): OptionSet<Parsed & Others> {
    return new OptionSet([...this.steps, ...others.steps]);
  }

  /** What it returns is for the command's action: the options that were given. */
  addTo(command: Command): () => Parsed {
    for (const step of this.steps) step(command);
    return () => command.opts<Parsed & OptionValues>();
  }
}

/** What the parser makes of a set of options. */
export type ParsedBy<Set> = Set extends OptionSet<infer Parsed> ? Parsed : never;

function toOption(flags: string, description: string, settings: Settings = {}): Option {
  const option = new Option(flags, description).makeOptionMandatory(settings.required === true);
  if (settings.default !== undefined) option.default(settings.default);
  if (settings.choices !== undefined) option.choices(settings.choices);
  return settings.repeatable === true ? option.argParser(gather) : option;
}
