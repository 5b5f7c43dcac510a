// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { camelCase, inputNames } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { adapterInputs, omitted } from './adapter-inputs.ts';
import { renderAdapters } from './adapters.ts';

const root = resolve(import.meta.dirname, '../../../..');
const files = renderAdapters();

test.each(files.map(({ path, text }) => [path, text]))('%s is what `npm run generate` writes', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});

test('no other file lies among the generated ones', () => {
  const written = new Set(files.map(({ path }) => path));
  const found = globSync(['packages/adapters/*/**', 'examples/ci/**', 'examples/ci/**/.*', 'examples/ci/*/.*/**'], {
    cwd: root,
    withFileTypes: true,
  })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1));
  const others = found.filter(
    path => !/^packages\/adapters\/(src|lib|node_modules)\//.test(path) && !written.has(path),
  );
  expect(others).toEqual([]);
});

describe('every input', () => {
  test('is offered, or omitted with a reason', () => {
    const offered = new Set(adapterInputs({}).map(({ name }) => name));
    expect(inputNames.filter(name => !offered.has(name)).toSorted()).toEqual(Object.keys(omitted).toSorted());
  });

  test.each([
    ['camel case', camelCase],
    ['snake case', (name: string) => name.replaceAll('-', '_')],
    ['a variable', (name: string) => name.replaceAll('-', '_').toUpperCase()],
  ])('has a name of its own in %s', (_form, spell) => {
    const names = adapterInputs({}).map(({ name }) => spell(name));
    expect(new Set(names).size).toBe(names.length);
  });
});
