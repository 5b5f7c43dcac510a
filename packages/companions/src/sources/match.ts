// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '@cinc-scan/core';
import type { Source } from './schema.ts';

/** Whether a path is one that a source names: `*` is anything within one folder, `?` one character of it. */
export function matchesPattern(pattern: string, path: string): boolean {
  const [wanted, given] = [partsOf(pattern), partsOf(path)];
  return wanted.length === given.length && wanted.every((part, index) => partMatches(part, given[index] ?? ''));
}

const partsOf = (path: string): string[] => path.split('/').filter(part => part !== '' && part !== '.');

/** Without backtracking: of several stars the last one that was passed takes the rest (a pattern may be hostile, too). */
function partMatches(pattern: string, text: string): boolean {
  let [at, from, star, mark] = [0, 0, -1, 0];
  while (at < text.length)
    if (pattern[from] === '*') [star, mark, from] = [from, at, from + 1];
    else if (pattern[from] === '?' || pattern[from] === text[at]) [at, from] = [at + 1, from + 1];
    else if (star === -1) return false;
    else [mark, at, from] = [mark + 1, mark + 1, star + 1];
  return /^\**$/.test(pattern.slice(from));
}

/** The given paths of each source, in their order. What no source declares, or two do, is an error. */
export function assignFiles(sources: readonly Source[], paths: readonly string[]): Map<string, string[]> {
  const assigned = new Map<string, string[]>(sources.map(({ id }) => [id, []]));
  const problems: string[] = [];
  for (const path of paths) {
    const [source, other] = sources.filter(each => 'file' in each && matchesPattern(each.file, path));
    if (source === undefined) problems.push(`no source declares ${path}`);
    else if (other !== undefined) problems.push(`${path} belongs to two sources, ${source.id} and ${other.id}`);
    else assigned.get(source.id)?.push(path);
  }
  if (problems.length > 0) throw new ScanError('SOURCE_UNDECLARED', problems.slice(0, 20).join('; '));
  return assigned;
}
