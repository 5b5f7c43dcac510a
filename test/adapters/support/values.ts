// SPDX-License-Identifier: Apache-2.0
// What the users of an adapter may set, and what the command has to make of it. The rules are the product's own.
import { adapterInputs } from '@cinc-scan/adapters';
import {
  environmentName,
  type Input,
  type InputName,
  inputNames,
  inputs,
  resolveValues,
  type Values,
} from '@cinc-scan/core';
import type { Given } from './endings.ts';

/** What the command makes of the environment that an adapter gives it; it refuses what it would refuse there. */
export const understood = (environment: Record<string, string | undefined>): Values =>
  resolveValues({ flags: {}, environment, file: undefined });

/** What the command makes of the same values without an adapter in between. */
export const meant = (given: Given): Values =>
  resolveValues({ flags: {}, step: given, environment: {}, file: undefined });

const offered: InputName[] = inputNames.filter(name =>
  adapterInputs({}).some(({ variable }) => variable === environmentName(name)),
);

/** The inputs that adapters take for a scan: with `sources` it would be no scan. */
export const taken: InputName[] = offered.filter(name => name !== 'sources');

const awkward = `it's "quoted" $(touch pwned) \`touch pwned\` a\\b {c: d} [e] #f ; | & < > * ? ~ ! %2F =-- ünï €😀`;

/** Another value than the default for every input, an awkward one where any text will do. */
export const everyInput: Given = Object.fromEntries(taken.map(name => [name, valueFor(name, inputs[name])]));

function valueFor(name: InputName, input: Input): string {
  switch (input.type) {
    case 'flag':
      return String(input.default !== true);
    case 'choice':
      return input.choices.find(choice => choice !== input.default) ?? '';
    case 'duration':
      return `${input.min}s`;
    case 'count':
      return String(input.min);
    case 'list':
      return input.separator === 'line' ? `-l ${awkward}\n--${awkward}` : `${input.example},${input.example}`;
    case 'text':
      return input.pattern === undefined && name !== 'output-dir' ? awkward : input.example;
    case 'secret':
      throw new Error(`${name}: adapters take no secret as an input`);
  }
}

/** What a consolidation is given. */
export const everyFinding: Given = Object.fromEntries(
  offered.filter(name => inputs[name].group === 'findings').map(name => [name, valueFor(name, inputs[name])]),
);

/** As an adapter hands on what its user left empty. */
export const nothing: Given = Object.fromEntries(offered.map(name => [name, '']));
