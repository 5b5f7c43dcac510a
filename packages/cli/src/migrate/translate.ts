// SPDX-License-Identifier: Apache-2.0
import { environmentName, type InputName, inputs, parseSource, toMessage } from '@cinc-scan/core';
import type { Found } from './find-old.ts';
import { type Meaning, oldCommands, oldNames } from './old-names.ts';

/** The same in our words. */
export interface Migration {
  /** For cinc-scan.yml. */
  settings: Map<InputName, string[]>;
  /** Values that only the pipeline knows: variables of the job. */
  variables: Map<string, string>;
  commands: { old: string; now: string | undefined; why: string | undefined }[];
  /** Old names without an equivalent, with the reason. */
  dropped: { name: string; why: string }[];
  unknown: string[];
  /** Values that are kept, and that a scan refuses, with what to write instead. */
  refused: string[];
}

const isExpression = (value: string) => /\$\{\{|\$\{?\w|\$\(/.test(value);

export function translate(found: Found): Migration {
  const migration: Migration = {
    settings: new Map(),
    variables: new Map(),
    commands: found.commands.map(({ old, name, words }) => ({
      old,
      now: oldCommands[name]?.rewrite?.(words),
      why: oldCommands[name]?.why,
    })),
    dropped: [],
    unknown: [...new Set(found.unknown)],
    refused: [],
  };
  for (const each of [...withLabels(found), ...found.values]) translateValue(each, migration);
  return migration;
}

const isLabelPart = (name: string) => name === 'SCAN_LABEL_KEY' || name === 'SCAN_LABEL_VALUE';

/** Two old names make one selector. */
function withLabels({ values }: Found): Found['values'] {
  const of = (name: string) => values.find(value => value.name === name)?.value;
  const [key, value] = [of('SCAN_LABEL_KEY'), of('SCAN_LABEL_VALUE')];
  return key === undefined || value === undefined ? [] : [{ name: 'LABEL_SELECTOR', value: `${key}=${value}` }];
}

function translateValue({ name, value }: Found['values'][number], migration: Migration): void {
  const meaning = oldNames.get(name);
  if (meaning === undefined || isLabelPart(name)) return;
  if (meaning.kind === 'none') drop(migration, name, meaning.why);
  else if (value !== '') setInput({ name, value }, meaning, migration);
}

type ToInput = Extract<Meaning, { kind: 'input' }>;

function setInput({ name, value }: Found['values'][number], { input, convert }: ToInput, migration: Migration): void {
  const converted = convert === undefined ? value : convert(value);
  if (isExpression(value)) migration.variables.set(environmentName(input), converted ?? value);
  else if (converted === undefined) drop(migration, name, `its value ${JSON.stringify(value)} has no equivalent`);
  else {
    if (input === 'profile') migration.refused.push(...refusedProfile(converted));
    const before = inputs[input].type === 'list' ? (migration.settings.get(input) ?? []) : [];
    migration.settings.set(input, [...new Set([...before, converted])]);
  }
}

/** InSpec takes names of a catalogue, and addresses that say nothing of their content. */
function refusedProfile(value: string): string[] {
  const [, owner, name = ''] = /^(?:supermarket:\/\/)?([a-z0-9][\w-]*)\/([\w.-]+)$/i.exec(value) ?? [];
  const instead = 'write git+https://HOST/REPOSITORY.git#ref=TAG, a folder or an archive (docs/profiles.md)';
  if (owner !== undefined && !/\.(?:tar|tar\.gz|tgz|zip)$/.test(name))
    return [
      `${value} is a name of Chef's Supermarket: write git+https://github.com/${owner}/${name}.git#ref=TAG; if it is a folder, ./${value}`,
    ];
  try {
    parseSource(value);
    return [];
  } catch (error) {
    return [`${toMessage(error)}: ${instead}`];
  }
}

function drop(migration: Migration, name: string, why: string): void {
  if (!migration.dropped.some(each => each.name === name)) migration.dropped.push({ name, why });
}
