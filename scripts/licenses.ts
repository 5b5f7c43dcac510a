// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licences of packages, each by its own words, where npm keeps them in this folder; and of what they depend on, for some
 * carry that within their own files.
 */
export function licensesOf(packages: string[], modules: string): string {
  const all = new Set(packages);
  for (const name of all)
    for (const next of dependenciesOf(join(modules, name))) if (isThere(modules, next)) all.add(next);
  const names = [...all].toSorted();
  return names.map(name => `${name}\n\n${licenseOf(join(modules, name))}\n`).join(`\n${'-'.repeat(78)}\n\n`);
}

const isThere = (modules: string, name: string) => existsSync(join(modules, name, 'package.json'));

function dependenciesOf(folder: string): string[] {
  const { dependencies } = parseObject(readFileSync(join(folder, 'package.json'), 'utf8'));
  return typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : [];
}

function licenseOf(folder: string): string {
  const file = existsSync(folder)
    ? readdirSync(folder)
        .toSorted()
        .find(each => /^licen[cs]e/i.test(each))
    : undefined;
  if (file !== undefined && statSync(join(folder, file)).isFile())
    return readFileSync(join(folder, file), 'utf8').trim();
  const { license } = parseObject(readFileSync(join(folder, 'package.json'), 'utf8'));
  return typeof license === 'string' ? license : 'see the package';
}

/** The names of packages in paths of their modules. */
export function packagesIn(paths: string): string[] {
  const found = paths.matchAll(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g);
  return [...new Set([...found].map(([, name = '']) => name))];
}

export function parseObject(text: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('expected a JSON object');
  return Object.fromEntries(Object.entries(parsed));
}
