// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { SidecarSettings } from './settings.ts';
import { injected, pod } from './testing/manifests.ts';

describe('inject refuses', () => {
  const cases: [name: string, text: string, message: RegExp][] = [
    ['a pod that shares the processes of its node', pod('hostPID: true\ncontainers: [{name: a}]'), /hostPID/],
    ['the same in the words of YAML 1.1', pod('hostPID: yes\ncontainers: [{name: a}]'), /hostPID/],
    ['a name that is taken', pod('containers: [{name: a}, {name: cinc-scan-sidecar, image: x}]'), /another container/],
    ['a pod for Windows', pod('os: {name: windows}\ncontainers: [{name: a}]'), /Windows/],
    ['a pod without containers', pod('containers: []'), /no containers/],
    ['a container without a name', pod('containers: [{image: a}]'), /without a name/],
    ['a pod without a spec', 'apiVersion: v1\nkind: Pod\n', /no pod spec/],
    [
      'keys that stand twice',
      pod('containers: [{name: a}]\ncontainers: [{name: b}]'),
      /m\.yaml:6:3 is not YAML: .*unique/,
    ],
    ['tabs as indents', 'apiVersion: v1\nkind: Pod\nspec:\n\tcontainers: []\n', /m\.yaml:4:\d+ is not YAML: /],
    [
      'a template that was not rendered',
      '{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n',
      /not YAML|not a manifest/,
    ],
    ['aliases for more aliases, without end', bomb(), /alias/i],
    ['an alias to nothing', pod('containers: *gone'), /not YAML|not a manifest/],
    ['a container written as an alias', pod('containers:\n- &a {name: a}\n- *a'), /cannot be changed/],
    ['containers that are an alias', `x: &c [{name: a}]\n${pod('containers: *c')}`, /cannot be changed/],
    [
      'a container whose map is used elsewhere',
      pod('containers:\n- &a\n  name: a\n  image: b\nother: *a'),
      /alter something else/,
    ],
    [
      'variables that come by a merge',
      `x: &e {env: [{name: A}]}\n${pod('containers:\n- name: a\n  <<: *e')}`,
      /cannot be changed/,
    ],
    [
      'a marker from elsewhere',
      pod('containers:\n- name: a\n  env: [{name: CINC_SCAN_TARGET, valueFrom: {}}]'),
      /from elsewhere/,
    ],
  ];

  test.each(cases)('%s', (_name, text, message) => {
    expect(() => injected(text)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('to inject without an image, but not to check', () => {
    const text = pod('containers: [{name: a}]');
    expect(() => injected(text, { image: undefined })).toThrow(/no image was named/);
    expect(injected(text, { image: undefined, checkOnly: true }).pods).toMatchObject([{ state: 'missing' }]);
  });

  test('a profile volume that the pod has not', () => {
    const inPod: SidecarSettings['inPod'] = { profile: { kind: 'volume', name: 'profile' }, arguments: [] };
    expect(() => injected(pod('containers: [{name: a}]'), { inPod })).toThrow(/no volume "profile"/);
  });
});

function bomb(): string {
  const rows = Array.from(
    { length: 12 },
    (_, row) => `a${row}: &a${row} [${row === 0 ? '1' : `${`*a${row - 1}, `.repeat(9)}1`}]`,
  );
  return `apiVersion: v1\nkind: Pod\n${rows.join('\n')}\n`;
}
