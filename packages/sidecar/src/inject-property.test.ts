// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { type Container, injected, parse, parseTemplate, type Template } from './testing/manifests.ts';

describe('whatever a pod holds', () => {
  const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
  const text = fc.oneof(
    word,
    fc.string({ maxLength: 20 }),
    fc.constantFrom('yes', 'null', '0644', '1e3', '# no', ': ', '- ', '~'),
  );
  const value = fc.letrec(tie => ({
    any: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
    list: fc.array(tie('any'), { maxLength: 3 }),
    map: fc.dictionary(word, tie('any'), { maxKeys: 3 }),
  }));
  const extra = (taken: string[]) =>
    fc.dictionary(
      word.filter(key => !taken.includes(key)),
      value.any,
      { maxKeys: 3 },
    );
  const someContainer = fc
    .tuple(word, extra(['name', 'env']), fc.option(fc.array(fc.record({ name: word, value: text }), { maxLength: 3 })))
    .map(([name, more, env]): Container => ({ name, image: 'i', ...more, ...(env !== null && { env }) }));
  const reserved = [
    'containers',
    'shareProcessNamespace',
    'hostPID',
    'os',
    'restartPolicy',
    'initContainers',
    'volumes',
  ];
  const somePod = fc
    .tuple(
      fc.uniqueArray(someContainer, { minLength: 1, maxLength: 3, selector: each => each.name }),
      extra(reserved),
      fc.option(fc.dictionary(word, text, { maxKeys: 2 })),
    )
    .map(([containers, more, annotations]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', annotations },
      spec: { ...more, containers },
    }));
  const style = fc.record({
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    collectionStyle: fc.constantFrom('any' as const, 'block' as const, 'flow' as const),
    lineWidth: fc.constantFrom(0, 20, 80),
    defaultStringType: fc.constantFrom(
      'PLAIN' as const,
      'QUOTE_DOUBLE' as const,
      'BLOCK_LITERAL' as const,
      'BLOCK_FOLDED' as const,
    ),
  });

  test('means the same outside of what was put in, in any style, and a second time changes nothing', () => {
    fc.assert(
      fc.property(somePod, style, (before, options) => {
        const source = stringify(before, { version: '1.1', ...options });
        fc.pre(JSON.stringify(parse(source)) === JSON.stringify([before]));
        const once = injected(source).text;
        const after = parseTemplate(once, []);
        const own = after.spec.containers.pop();
        expect(own?.name).toBe('cinc-scan-sidecar');
        expect(strip(after)).toEqual(strip(before as unknown as Template));
        expect(injected(once).text).toBe(once);
      }),
      { numRuns: 400 },
    );
  });

  /** Without what was put in, whose absence is told in several ways. */
  function strip({ metadata, spec, ...rest }: Template): unknown {
    const annotations = Object.entries(metadata?.annotations ?? {}).filter(([key]) => key !== 'cinc-scan.dev/sidecar');
    const { shareProcessNamespace: _, ...kept } = spec;
    return {
      ...rest,
      metadata: { ...metadata, annotations },
      spec: {
        ...kept,
        containers: spec.containers.map(each => ({
          ...each,
          env: (each.env ?? []).filter(({ name }) => name !== 'CINC_SCAN_TARGET'),
        })),
      },
    };
  }
});
