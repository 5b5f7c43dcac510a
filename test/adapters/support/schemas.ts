// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { load } from 'js-yaml';
import { validateXML } from 'xmllint-wasm';
import { root } from '../../support/cinc-scan.ts';

/** What a mistake is called, and the text with it. */
export type Mistakes = [name: string, find: string | RegExp, replacement: string][];

type Problems = (text: string) => Promise<string[]>;

const folder = join(root, 'test/fixtures/schemas');

/** A validator of YAML, or JSON, which is YAML too. */
export function schemaProblems(schema: string): Problems {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  formats.default(ajv);
  const text = readFileSync(join(folder, `${schema}.schema.json`), 'utf8');
  const validate = ajv.compile(JSON.parse(text) as object);
  return async found => {
    validate(load(found));
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

export const xsdProblems =
  (schema: string): Problems =>
  async text => {
    const xsd = readFileSync(join(folder, schema), 'utf8');
    const { errors } = await validateXML({ xml: [{ fileName: 'file.xml', contents: text }], schema: [xsd] });
    return errors.map(({ rawMessage }) => rawMessage);
  };

/** The generated file fits, and with each mistake it does not: the check can fail. */
export function testValid(path: string, problems: Problems, mistakes: Mistakes): void {
  const text = readFileSync(join(root, path), 'utf8');

  describe(path, () => {
    test('fits its schema', async () => {
      expect(await problems(text)).toEqual([]);
    });

    test.each(mistakes)('does not with the mistake: %s', async (...[, find, replacement]) => {
      const broken = text.replace(find, replacement);
      expect(broken).not.toBe(text);
      expect(await problems(broken)).not.toEqual([]);
    });
  });
}
