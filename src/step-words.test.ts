// SPDX-License-Identifier: Apache-2.0
import { catalogue, inputNames } from '@cinc-scan/core';
import { expect, test } from '@jest/globals';
import { inStepWords } from './step-words.ts';

test.each([
  [catalogue.KUBECONFIG_INVALID.remedy, /pass kubeconfig and context; `kubectl config get-contexts`/],
  [catalogue.GRANT_FAILED.remedy, /^`cinc-scan doctor` .* use access existing\.$/],
  ['Give it a path instead: --report junit', /^Give it a path instead: reports junit$/],
  ['Fetch it with `cinc-scan profile check --offline`.', /--offline`/],
  ['List them: kubectl get pods --show-labels', /--show-labels$/],
  [catalogue.LENS_UNAVAILABLE.remedy, /^The message names/],
])('%j is said to a step', (remedy, said) => {
  expect(inStepWords(remedy)).toMatch(said);
});

test('no remedy of the catalogue tells a step of a flag that is an input', () => {
  const flags = new Set(inputNames.map(name => `--${name}`));
  const left = Object.values(catalogue).flatMap(({ remedy }) =>
    [
      ...inStepWords(remedy)
        .replaceAll(/`[^`]*`/g, '')
        .matchAll(/--[a-z-]+/g),
    ].map(([flag]) => flag),
  );
  expect(left.filter(flag => flags.has(flag))).toEqual([]);
});
