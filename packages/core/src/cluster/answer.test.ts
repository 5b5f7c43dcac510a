// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import * as z from 'zod';
import { apiPath, parseAnswer, parseStatus, toRefusal } from './answer.ts';

const answer = (status: number, text: string) => ({ status, headers: {}, text });
const status = (message?: string) => JSON.stringify({ kind: 'Status', status: 'Failure', message });

describe('a path', () => {
  test('keeps every name in its own segment', () => {
    expect(apiPath('api/v1/namespaces', 'shop', 'pods', 'web-0')).toBe('/api/v1/namespaces/shop/pods/web-0');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 3 }), text => {
        const path = apiPath('api/v1/namespaces', text.replaceAll(/[/%\\]/g, 'x'), 'pods');
        expect(path).toMatch(/^\/api\/v1\/namespaces\/[^/?#]*\/pods$/);
      }),
    );
  });

  const leaving = ['', '.', '..', 'a/b', '../kube-system', '..%2fkube-system', '%2e%2e', 'a\\b'];
  test.each(leaving)('refuses the name %j, which could leave it', name => {
    expect(() => apiPath('api/v1/namespaces', name, 'pods')).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        exit: 2,
        message: expect.stringContaining(JSON.stringify(name)),
      }),
    );
  });
});

describe('a refusal', () => {
  const refusals: [status: number, text: string, code: string][] = [
    [401, status('Unauthorized'), 'CLUSTER_UNAUTHORIZED'],
    [401, '', 'CLUSTER_UNAUTHORIZED'],
    [403, status('pods is forbidden'), 'CLUSTER_FORBIDDEN'],
    [403, '<html>Blocked by the proxy</html>', 'CLUSTER_REFUSED'],
    [403, '', 'CLUSTER_REFUSED'],
    [404, status('pods "x" not found'), 'TARGET_NOT_FOUND'],
    [404, '404 page not found', 'CLUSTER_REFUSED'],
    [422, status('invalid'), 'CLUSTER_REFUSED'],
    [500, '{"kind":"Pod"}', 'CLUSTER_REFUSED'],
    [302, '', 'CLUSTER_REFUSED'],
  ];
  test.each(refusals)('%d %j is %s', (code, text, expected) => {
    const error = toRefusal(answer(code, text), 'pod shop/web');
    expect(error).toMatchObject({ code: expected, exit: 4 });
    expect(error.message).toMatch(/^pod shop\/web: ./);
  });

  test('without a word is told by its number', () => {
    expect(toRefusal(answer(502, ' '), 'x').message).toBe('x: HTTP 502 without a message');
    expect(toRefusal(answer(500, status('')), 'x').message).toBe('x: HTTP 500 without a message');
  });

  test('that goes on for ever is cut', () => {
    expect(toRefusal(answer(500, 'x'.repeat(1_000_000)), 'y').message.length).toBeLessThan(500);
  });
});

describe('a body', () => {
  const shape = z.object({ metadata: z.object({ name: z.string() }) });

  test.each(['', 'null', '[]', '{', '{"metadata":{}}', '<html>', '{"metadata":{"name":1}}'])(
    '%j is not taken for what it is not',
    text => {
      expect(() => parseAnswer(answer(200, text), shape, 'pod')).toThrow(
        expect.objectContaining({ code: 'CLUSTER_REFUSED' }),
      );
    },
  );

  test('that fits is read, whatever else is in it', () => {
    expect(parseAnswer(answer(200, '{"metadata":{"name":"a","more":1},"x":2}'), shape, 'pod')).toEqual({
      metadata: { name: 'a' },
    });
  });

  test('of any kind is read without a fault', () => {
    fc.assert(fc.property(fc.json(), text => void parseStatus(text)));
    fc.assert(fc.property(fc.string(), text => void toRefusal(answer(500, text), 'x')));
  });
});
