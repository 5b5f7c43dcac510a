// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseSources, sourcesJsonSchema } from './schema.ts';

const text = `
scope: prod
sources:
  - { id: web-image, tool: trivy, area: images, target: image:shop/web, file: web.json, parts: [os-pkgs], max-age: 26h }
  - { id: node-bench, tool: kube-bench, area: cluster, target: cluster:prod/role:node, file: node/*.json, count: 3 }
`;

describe('the file of sources', () => {
  test('is read with its defaults', () => {
    expect(parseSources(text, 'sources.yml')).toEqual({
      scope: 'prod',
      sources: [
        {
          id: 'web-image',
          tool: 'trivy',
          area: 'images',
          target: 'image:shop/web',
          file: 'web.json',
          parts: ['os-pkgs'],
          'max-age': 93_600,
          ratings: [],
          accept: [],
        },
        {
          id: 'node-bench',
          tool: 'kube-bench',
          area: 'cluster',
          target: 'cluster:prod/role:node',
          file: 'node/*.json',
          count: 3,
          parts: [],
          ratings: [],
          accept: [],
        },
      ],
    });
  });

  test.each([
    ['an unknown key', text.replace('max-age', 'maxage'), 'sources.0: Unrecognized key: "maxage"'],
    ['an unknown key at its top', `${text}\nmore: 1`, 'Unrecognized key: "more"'],
    ['an unknown tool', text.replace('trivy', 'trivvy'), 'sources.0.tool: Invalid option'],
    ['an unknown area', text.replace('area: images', 'area: image'), 'sources.0.area: Invalid option'],
    ['a target without its scheme', text.replace('image:shop/web', 'web'), 'sources.0.target: expected scheme:name'],
    ['a number without its unit', text.replace('26h', '26'), 'sources.0.max-age'],
    [
      'a doubt that nobody may vouch for',
      text.replace('count: 3', 'accept: [partial]'),
      'sources.1.accept.0: Invalid option',
    ],
    ['no source', 'scope: prod\nsources: []', 'sources: expected at least one source'],
    ['no scope', text.replace('scope: prod', ''), 'scope: '],
    ['a scope that is a path', text.replace('prod\n', '../prod\n'), 'scope: expected letters'],
    ['two sources of one id', text.replace('node-bench', 'web-image'), 'two sources have the same id web-image'],
    ['two sources of one file', text.replace('node/*.json', 'web.json'), 'two sources have the same file web.json'],
    [
      'two sources of one tool and target',
      text.replace('kube-bench', 'trivy').replace('cluster:prod/role:node', 'image:shop/web:1.2'),
      'two sources have the same trivy of image:shop/web',
    ],
    ['a key twice', text.replace('scope: prod', 'scope: prod\nscope: test'), 'is not YAML: line 3'],
    ['a list', '- a', 'expected'],
    ['nothing', '', 'expected'],
  ])('is refused with %s', (_what, changed, problem) => {
    expect(changed).not.toBe(text);
    expect(() => parseSources(changed, 'sources.yml')).toThrow(
      expect.objectContaining({
        code: 'SOURCES_INVALID',
        exit: 2,
        message: expect.stringContaining(problem) as unknown,
      }),
    );
  });
});

describe('the published schema of the file of sources', () => {
  const published = readFileSync(new URL('../../../../docs/schemas/sources.schema.json', import.meta.url), 'utf8');
  const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(published) as object);
  const source = { id: 'web', tool: 'trivy', area: 'images', target: 'image:shop/web', file: 'web.json' };

  test('is that of today: `npm run generate` writes it', () =>
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(sourcesJsonSchema()))));

  test.each<[what: string, more: object, fits: boolean]>([
    ['a source', { 'max-age': '26h', parts: ['os-pkgs'], accept: ['empty'] }, true],
    ['an unknown key', { tol: 'x' }, false],
    ['an unknown tool', { tool: 'nmap' }, false],
    ['an unknown area', { area: 'moon' }, false],
  ])('takes %s as the command does: %j is %p', (_what, more, fits) => {
    const document = { scope: 'prod', sources: [{ ...source, ...more }] };
    expect(validate(document)).toBe(fits);
    const parse = () => parseSources(JSON.stringify(document), 'a.yml');
    if (fits) expect(parse().sources).toHaveLength(1);
    else expect(parse).toThrow('a.yml');
  });
});
