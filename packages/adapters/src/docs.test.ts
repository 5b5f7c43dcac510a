// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { catalogue, inputNames, reportKinds } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { renderDocs } from './docs.ts';
import { renderErrors } from './errors-page.ts';
import { renderInputs } from './inputs-page.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const headings = (text: string, level: string) =>
  text.split('\n').flatMap(line => (line.startsWith(`${level} `) ? [line.slice(level.length + 1)] : []));

test.each(renderDocs())('$path is what `npm run generate` writes', ({ path, text }) => {
  expect(read(path)).toBe(text);
});

describe('the pages in the repository', () => {
  test('docs/errors.md has every code of the catalogue and no other', () => {
    expect(headings(read('docs/errors.md'), '###').toSorted()).toEqual(Object.keys(catalogue).toSorted());
  });

  test('docs/inputs.md has every input of the manifest and no other', () => {
    expect(headings(read('docs/inputs.md'), '####').toSorted()).toEqual([...inputNames].toSorted());
  });

  test('docs/inputs.md has every report', () => {
    const text = read('docs/inputs.md');
    for (const kind of Object.keys(reportKinds)) expect(text).toContain(`| \`${kind}\` |`);
  });
});

describe('the renderers', () => {
  test('show a placeholder as text and leave code alone', () => {
    const text = renderErrors({ SEED: { exit: 4, meaning: 'A <name> is gone.', remedy: 'Run `kubectl get <name>`.' } });
    expect(text).toContain('### SEED\n\nA &lt;name&gt; is gone.\n\n**What to do:** Run `kubectl get <name>`.');
  });

  test('say of an input how each source spells it, and what it may be', () => {
    const text = renderInputs({
      rounding: {
        group: 'gate',
        type: 'choice',
        choices: ['saf', 'none'],
        default: 'saf',
        description: 'How percentages compare',
        example: 'none',
        since: '0.1.0',
      },
    });
    expect(text).toContain(
      [
        '#### rounding',
        '',
        'How percentages compare.',
        '',
        '- Flag: `--rounding`',
        '- Variable: `CINC_SCAN_ROUNDING`',
        '- Value: one of `saf`, `none`',
        '- Default: `saf`',
        '- Example: `rounding: none`',
        '- Since: 0.1.0',
      ].join('\n'),
    );
  });
});
