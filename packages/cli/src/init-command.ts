// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearest, ScanError, writeAtomic } from '@cinc-scan/core';
import type { Command } from 'commander';
import { OptionSet, type ParsedBy } from './option-set.ts';
import type { Terminal } from './terminal.ts';

interface Starter {
  title: string;
  files: string[];
  next: string[];
}

const help = `
Examples:
  cinc-scan init --list
  cinc-scan init gitlab
  cinc-scan init jenkins --print`;

const optionSet = new OptionSet()
  .option('--list', 'name the platforms and their files')
  .option('--print', 'print the files instead of writing them')
  .option('--force', 'overwrite existing files');

type Options = ParsedBy<typeof optionSet>;

/** `cinc-scan init`: asks nothing, so that it works where nobody can answer. */
export function addInitCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command('init')
    .summary('write the starter files for a CI system')
    .description(
      'Writes the files that a CI system needs for a scan into the working folder. Asks nothing, and overwrites nothing.',
    )
    .argument('[platform]', 'which CI system; --list names them')
    .addHelpText('after', help);
  const given = optionSet.addTo(command);
  command.action(async (platform: string | undefined) => exit(await runInit(platform, given(), terminal)));
}

async function runInit(platform: string | undefined, options: Options, terminal: Terminal): Promise<number> {
  const starters = readStarters();
  if (options.list === true) return list(starters, terminal);
  const starter = platform === undefined ? undefined : starters.get(platform);
  if (platform === undefined || starter === undefined)
    throw new ScanError(
      'USAGE',
      platform === undefined
        ? `Which platform? One of ${[...starters.keys()].join(', ')}`
        : `There is no platform ${JSON.stringify(platform)}; did you mean ${nearest(platform, [...starters.keys()])}? One of ${[...starters.keys()].join(', ')}`,
    );
  const files = starter.files.map(path => ({ path, text: readFileSync(join(folder(), platform, path), 'utf8') }));
  if (options.print === true) return print(files, terminal);
  refuseExisting(starter.files, options, terminal);
  for (const { path, text } of files) await writeAtomic(resolve(terminal.cwd, path), text, terminal.cwd);
  terminal.stdout.write(`${starter.title}: wrote ${starter.files.join(', ')}\n`);
  for (const [index, step] of starter.next.entries()) terminal.stdout.write(`  ${index + 1}. ${step}\n`);
  return 0;
}

/** All of them or none: half a starter helps nobody. */
function refuseExisting(paths: string[], { force }: Options, { cwd }: Terminal): void {
  const there = paths.filter(path => existsSync(resolve(cwd, path)));
  if (there.length > 0 && force !== true)
    throw new ScanError('OUTPUT_UNWRITABLE', `${there.join(', ')} exists; nothing was written`, {
      remedy: 'Use --force to overwrite, or --print to copy what you need by hand.',
    });
}

function list(starters: Map<string, Starter>, { stdout }: Terminal): number {
  for (const [name, { title, files }] of starters) stdout.write(`${name.padEnd(12)}${title} (${files.join(', ')})\n`);
  return 0;
}

function print(files: { path: string; text: string }[], { data }: Terminal): number {
  for (const { path, text } of files) data.write(`# ${path}\n${text}\n`);
  return 0;
}

/** Inside the installed package, or the examples of a checkout. */
function folder(): string {
  const packed = new URL('../starters/', import.meta.url);
  return fileURLToPath(existsSync(packed) ? packed : new URL('../../../examples/ci/', import.meta.url));
}

const readStarters = (): Map<string, Starter> =>
  new Map(Object.entries(parseStarters(readFileSync(join(folder(), 'starters.json'), 'utf8'))));

function parseStarters(text: string): Record<string, Starter> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- generated, and a part of this package
  return JSON.parse(text) as Record<string, Starter>;
}
