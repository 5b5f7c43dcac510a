// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inputs, ScanError } from '@cinc-scan/core';
import type { Command } from 'commander';
import { parse, stringify } from 'yaml';
import type { Terminal } from '../terminal.ts';
import { findOld } from './find-old.ts';
import { migrateThreshold } from './threshold.ts';
import { type Migration, translate } from './translate.ts';

/** `cinc-scan migrate`. */
export function addMigrateCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('migrate')
    .summary('translate files for mitre/kube-secure-scanner')
    .description(
      'Reads a GitHub workflow, a GitLab pipeline, a shell script or a threshold file made for mitre/kube-secure-scanner, and prints the configuration for cinc-scan, with what has no equivalent and why.',
    )
    .argument('<file>', 'file to read; it is not changed')
    .action((file: string) => {
      terminal.data.write(migrate(read(file, terminal)));
      exit(0);
    });
}

function read(file: string, { cwd }: Terminal): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (cause) {
    throw new ScanError('INPUT_INVALID', `${file}: cannot be read`, { cause });
  }
}

/** The new configuration, as YAML with comments. */
export function migrate(text: string): string {
  const threshold = migrateThreshold(parseQuietly(text));
  if (threshold !== undefined)
    return `# threshold.yml\n${stringify(threshold.bounds)}${comments('No equivalent', threshold.dropped.map(describe))}`;
  const migration = translate(findOld(text));
  return [
    `# cinc-scan.yml\n${settingsText(migration)}`,
    comments('A scan refuses these profiles as they stand', migration.refused),
    comments(
      'Variables of the job, whose values only the pipeline knows',
      [...migration.variables].map(([name, value]) => `${name}: ${value}`),
    ),
    comments('Commands', migration.commands.flatMap(commandLines)),
    comments('No equivalent', migration.dropped.map(describe)),
    comments('Not known, and left to you', migration.unknown),
  ].join('');
}

function parseQuietly(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return undefined; // a script, then
  }
}

function settingsText({ settings }: Migration): string {
  if (settings.size === 0) return '# (nothing to set)\n';
  return stringify(
    Object.fromEntries(
      [...settings].map(([name, values]) => [name, inputs[name].type === 'list' ? values : scalar(values[0] ?? '')]),
    ),
  );
}

/** Flags are booleans in YAML; all other values stay text. */
const scalar = (value: string) => (value === 'true' ? true : value === 'false' ? false : value);

const describe = ({ name, why }: { name: string; why: string }) => `${name}: ${why}`;

const commandLines = ({ old, now, why }: Migration['commands'][number]) => [
  `was: ${old}`,
  `now: ${now ?? '(none)'}`,
  ...(why === undefined ? [] : [`     ${why}`]),
];

const comments = (title: string, lines: string[]): string =>
  lines.length === 0 ? '' : `\n# ${title}:\n${lines.map(line => `#   ${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join('')}`;
