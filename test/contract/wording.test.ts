// SPDX-License-Identifier: Apache-2.0
// Words that a reader in a hurry stumbles over: none is in a text that the programs print or a page says.
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';

const root = resolve(import.meta.dirname, '../..');
const find = (patterns: string[], exclude: string[]) => globSync(patterns, { cwd: root, exclude }).toSorted();

const sources = find(
  ['src/**/*.ts', 'packages/{adapters,cli,companions,core,service,sidecar}/src/**/*.ts'],
  ['**/*.test.ts', '**/testing/**'],
);
const pages = find(
  ['*.md', 'action.yml', 'docs/**/*.md', 'profiles/**/*.md', 'packages/*/README.md', 'packages/adapters/**/README.md'],
  ['**/node_modules/**', 'CODE_OF_CONDUCT.md'],
);

const stilted = /\b(?:amiss|anew|mend(?:s|ed|ing)?|for\s+want\s+of|tells?\s+of)\b/giu;
const stiltedIn = (text: string) => [...text.matchAll(stilted)].map(([word]) => word);

/** Every literal text of a program, comments left out. */
function textsIn(source: string): string[] {
  return literalsOf(parseSync(source, { syntax: 'typescript', target: 'es2024' }).body);
}

function literalsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('type' in node && node.type === 'StringLiteral' && 'value' in node) return [String(node.value)];
  if ('type' in node && node.type === 'TemplateElement' && 'raw' in node) return [String(node.raw)];
  return Object.values(node).flatMap(literalsOf);
}

describe('stilted words', () => {
  test('are found in texts, and not in comments or in longer words', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(pages).toContain('packages/adapters/gitlab/README.md');
    const source = "// all anew\nexport const a = `mend ${'for want of b'}`, c = 'recommended';\n";
    expect(textsIn(source).flatMap(stiltedIn).toSorted()).toEqual(['for want of', 'mend']);
  });

  test.each([
    ['texts of the programs', sources, (text: string) => textsIn(text).join('\n')],
    ['pages', pages, (text: string) => text],
  ])('are in none of the %s', (_, files, readable) => {
    const found = files.flatMap(file =>
      stiltedIn(readable(readFileSync(join(root, file), 'utf8'))).map(word => `${file}: ${word}`),
    );
    expect(found).toEqual([]);
  });
});
