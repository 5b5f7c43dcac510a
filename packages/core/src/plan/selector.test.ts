// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isScanError } from '../errors/index.ts';
import { parseLabels, parseSelector, workloadKinds } from './selector.ts';

describe('a selector', () => {
  const pods: [text: string, name: string][] = [
    ['web-0', 'web-0'],
    [' web-0 ', 'web-0'],
    ['pod/web.0', 'web.0'],
    ['Pods/web', 'web'],
    ['po/w', 'w'],
  ];
  test.each(pods)('%j is a pod', (text, name) =>
    expect(parseSelector(text)).toEqual({ kind: 'pod', name, text: `pod/${name}` }),
  );

  const workloads: [text: string, workload: keyof typeof workloadKinds][] = [
    ['deployment/web', 'deployment'],
    ['deploy/web', 'deployment'],
    ['DEPLOYMENTS/web', 'deployment'],
    ['sts/web', 'statefulset'],
    ['daemonset/web', 'daemonset'],
    ['rs/web', 'replicaset'],
    ['jobs/web', 'job'],
  ];
  test.each(workloads)('%j is a workload', (text, workload) =>
    expect(parseSelector(text)).toEqual({ kind: 'workload', workload, name: 'web', text: `${workload}/web` }),
  );

  test.each(['-l app=web', 'app=web', ' app=web ', '-l  app=web'])('%j is labels', text =>
    expect(parseSelector(text)).toEqual({ kind: 'labels', labels: 'app=web', text: '-l app=web' }),
  );

  test.each(['app in (a,b)', 'a!=b', '!a', '-l app', 'a=1,b=2'])('%j is labels as they are', text =>
    expect(parseSelector(text)).toMatchObject({ kind: 'labels', labels: text.replace('-l ', '') }),
  );

  const nonsense = [
    '',
    ' ',
    '/',
    'pod/',
    '/web',
    'node/n1',
    'a/b/c',
    'pod/../secrets',
    'Web',
    'web_0',
    '-web',
    'web-',
    'ünï',
    'web\0',
    'pod/web?x',
    'deployment/*',
    '-l ',
    `pod/${'a'.repeat(254)}`,
  ];
  test.each(nonsense)('%j is none', text => {
    expect(() => parseSelector(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', exit: 2 }));
  });

  test.each([
    ['deploymnt/web', 'deployment/web'],
    ['StatfulSet/db', 'statefulset/db'],
    ['pood/web-0', 'pod/web-0'],
  ])('%s was probably meant to be %s', (text, meant) => {
    expect(() => parseSelector(text)).toThrow(`; did you mean ${meant}?`);
  });

  test.each(['node/n1', 'secret/web', 'deploymnt/../web', 'web_0', '/web'])(
    'what %s was meant to be is not guessed',
    text => {
      expect(() => parseSelector(text)).toThrow(/as -l app=web$/);
    },
  );

  test('that names no label would match everything, and is refused', () => {
    for (const text of ['', ' ', '\t']) expect(() => parseLabels(text)).toThrow(/names no label/);
  });

  test('of any text is understood or refused, and its name never leaves its place in a path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        try {
          const selector = parseSelector(text);
          if (selector.kind !== 'labels') expect(selector.name).toMatch(/^[a-z0-9][-a-z0-9.]*$/);
        } catch (error) {
          expect(isScanError(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
