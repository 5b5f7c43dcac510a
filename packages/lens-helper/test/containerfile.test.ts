// SPDX-License-Identifier: Apache-2.0
// The recipe of the tools image, held against what the lens expects of one. Its commands are plain Debian.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const folder = join(import.meta.dirname, '..');
const text = readFileSync(join(folder, 'Containerfile'), 'utf8');
const lines = text.replaceAll('\\\n', ' ').split('\n');
const instructions = (word: string) =>
  lines.flatMap(line => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

describe('the recipe of the tools image', () => {
  test('builds on a base that has to be named', () => {
    expect(instructions('ARG')).toEqual(['BASE']);
    expect(instructions('FROM')).toEqual(['${BASE} AS build', 'scratch']);
  });

  test('takes every source of the helper, and nothing that was built before', () => {
    const copied = instructions('COPY')
      .slice(0, 2)
      .map(words => words.split(/ (?=\S+$)/));
    expect(copied.map(([, target]) => target)).toEqual(['/source/', '/source/src/']);
    const taken = copied.map(([sources = '']) => globSync(sources.split(' '), { cwd: folder }).toSorted());
    expect(taken).toEqual([['build.sh'], globSync('src/*', { cwd: folder }).toSorted()]);
  });

  test('puts the two programs where the lens looks for them', () => {
    const run = instructions('RUN').join('\n');
    expect(run).toContain('/bin/busybox /out/bin/busybox');
    expect(run).toContain('/source/build.sh /out/cinc-scan/helper');
    expect(instructions('COPY')[2]).toBe('--from=build /out/ /');
    const { tools } = parseTools(readFileSync(join(folder, '../core/src/plan/injected.ts'), 'utf8'));
    expect(tools).toEqual({ helper: '/cinc-scan/helper', shell: '/bin/busybox' });
  });
});

function parseTools(source: string): { tools: Record<string, string> } {
  const [, body = ''] = /export const toolPaths = \{(.*?)\}/.exec(source) ?? [];
  return {
    tools: Object.fromEntries([...body.matchAll(/(\w+): '([^']+)'/g)].map(([, key = '', path = '']) => [key, path])),
  };
}
