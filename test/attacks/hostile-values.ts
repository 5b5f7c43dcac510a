// SPDX-License-Identifier: Apache-2.0
// What may stand in an input where text is pasted that should have been passed. Whatever runs one of them leaves a file
// called `pwned`; whatever lets one of them through as a command of a CI system shows `pwned` in it.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inputs } from '@cinc-scan/core';
import { root } from '../support/cinc-scan.ts';

const char = (code: number) => String.fromCodePoint(code);
const controls = [...Array.from({ length: 31 }, (_, index) => char(index + 1)), char(0x7f), char(0x9b)].join('');

/** None is of a kind that an adapter of ours says itself. */
export const hostileValues: Record<string, string> = {
  'a double quote': 'a"; touch pwned; "b',
  'single quotes': "a'; touch pwned; 'b",
  'a substitution': '$(touch pwned)',
  'a substitution in quotes': '"$(touch pwned)"',
  backticks: '`touch pwned`',
  'a separator': 'a; touch pwned # b',
  'an ampersand and a pipe': 'a & touch pwned | touch pwned && touch pwned',
  'a new line': 'a\ntouch pwned\nb',
  'a line break of Windows': 'a\r\ntouch pwned\r\nb',
  'a variable': '${PWNED-pwned} $PWNED $',
  'a backslash at the end': 'a\\',
  'a dash': '--output-dir=pwned',
  'a heredoc’s end': 'a\nEOF\ntouch pwned\nCINC_SCAN_EOF\n_GitHubActionsFileCommandDelimeter_\nb',
  YAML: 'a: [&b *b, {c: !!d e}] # %pwned\n- |',
  'an expression': '{{pwned}} ${{ pwned }} <% pwned %> #{pwned}',
  'a command of GitHub': '::set-env name=pwned::pwned',
  'a command of GitHub on a line of its own': 'a\n::stop-commands::pwned',
  'an old command of GitHub': 'a ##[set-env name=pwned]pwned',
  'a command of Azure': '##vso[task.prependpath]/tmp/pwned.d',
  'a command of Azure with an ignored character': `#${char(0xad)}#vso[task.prependpath]/tmp/pwned.d`,
  'a command of TeamCity': "##teamcity[buildNumber 'pwned']",
  'a property of Spinnaker': 'a\nSPINNAKER_PROPERTY_PWNED=pwned',
  'a section of GitLab': `section_start:1:pwned\r${char(0x1b)}[0Kpwned`,
  'an escaped new line': 'a%0A::set-env name=pwned::pwned%0d%0a##vso[task.prependpath]/tmp/pwned.d',
  'an unusual new line': `a${char(0x2028)}::set-env name=pwned::pwned${char(0x85)}+++ pwned`,
  'control characters': `a${controls}b`,
  'an order of reading': `a${char(0x202e)}denwp${char(0x2066)}${char(0x200b)}b`,
  'a way out': '../../pwned.d',
  'much of it': 'pwned '.repeat(3000),
};

export type Values = Partial<Record<string, string>>;

/** A value in each of the inputs that take text and the next one in the next, so that each comes to each. */
export function inEvery(names: (keyof typeof inputs)[], values: string[], first: number): Values {
  const textual = names.filter(name => ['text', 'list'].includes(inputs[name].type));
  return Object.fromEntries(textual.map((name, index) => [name, values[(first + index) % values.length] ?? '']));
}

export const canBeName = (value: string): boolean => value.length < 200 && !value.includes('/');
export const asNames = (value: string): Values => ({
  profile: `./p ${value}`,
  threshold: `./t ${value}`,
  'output-dir': `o ${value}`,
});

/** Makes what these names name. */
export function layOut(folder: string, { profile = '', threshold = '' }: Values): void {
  mkdirSync(folder, { recursive: true });
  cpSync(`${root}test/fixtures/profiles/tiny`, join(folder, profile), { recursive: true });
  writeFileSync(join(folder, threshold), 'failed.total.max: 0\nerror.total.max: 0\n');
}

/** Whether this file is what only a value that was run leaves. */
export const isTrace = (path: string): boolean => basename(path) === 'pwned';
