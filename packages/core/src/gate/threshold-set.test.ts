// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import type { Target } from '../plan/target.ts';
import { parseThresholdFile, type ThresholdSet, thresholdFor } from './threshold-set.ts';

const document = `
default:
  compliance: {min: 90}
targets:
  - match: {selector: deployment/web, namespace: prod}
    threshold: {failed: {total: {max: 0}}}
  - match: {labels: {tier: batch}}
    threshold: {compliance.min: 50}
  - match: {container: '*-sidecar', profile: cis-*}
    threshold: {compliance: {min: 30}}
`;

const target = (place: Partial<Target> = {}): Target => ({
  cluster: 'dev',
  namespace: 'prod',
  pod: 'web-1',
  podUid: 'u1',
  container: 'app',
  containerId: 'containerd://1',
  restartCount: 0,
  image: 'web:1',
  imageDigest: undefined,
  node: undefined,
  owner: { kind: 'Deployment', name: 'web' },
  labels: {},
  annotations: {},
  ...place,
});
const profile = (name = 'base') => ({ name, version: undefined, source: '.', sha256: 'x' });

function parseSet(text: string): ThresholdSet {
  const parsed = parseThresholdFile(text);
  if (parsed.kind !== 'set') throw new Error(JSON.stringify(parsed));
  return parsed.set;
}

const boundsFor = (place: Partial<Target>, name?: string) => [
  ...thresholdFor(parseSet(document), target(place), profile(name)).bounds,
];
const elsewhere = { namespace: 'test' };

describe('the first entry that matches a target counts', () => {
  test.each([
    ['by selector and namespace', boundsFor({}), ['failed.total.max', 0]],
    ['before a later one that matches too', boundsFor({ labels: { tier: 'batch' } }), ['failed.total.max', 0]],
    ['by label', boundsFor({ ...elsewhere, labels: { tier: 'batch', app: 'a' } }), ['compliance.min', 50]],
    ['by container and profile', boundsFor({ ...elsewhere, container: 'my-sidecar' }, 'cis-1'), ['compliance.min', 30]],
    ['only with all of its conditions', boundsFor({ ...elsewhere, container: 'my-sidecar' }), ['compliance.min', 90]],
    ['and the default for every other one', boundsFor(elsewhere), ['compliance.min', 90]],
  ])('%s', (...[, bounds, bound]) => {
    expect(bounds).toEqual([bound]);
  });

  test.each([
    ['deploy/web', {}, true],
    ['Deployments/web', {}, true],
    ['pod/web-*', {}, true],
    ['pod/web', {}, false],
    ['deployment/w*b', {}, true],
    ['deployment/web*web', {}, false],
    ['sts/db', { owner: { kind: 'StatefulSet', name: 'db' } }, true],
    ['statefulset/web', {}, false],
  ])('the selector %s', (selector, place, isMatch) => {
    const set = parseSet(
      JSON.stringify({
        default: { 'compliance.min': 1 },
        targets: [{ match: { selector }, threshold: { 'compliance.min': 2 } }],
      }),
    );
    expect(thresholdFor(set, target(place), profile()).bounds.get('compliance.min')).toBe(isMatch ? 2 : 1);
  });
});

describe('a mistake in the file is refused where it stands', () => {
  const part = 'threshold: {compliance.min: 1}';
  test.each([
    ['no default', `targets: [{match: {namespace: a}, ${part}}]`, 'spec-value', /^default: /],
    ['no targets', 'default: {compliance.min: 1}', 'spec-value', /^targets: /],
    ['an empty default', `default: {}\ntargets: [{match: {namespace: a}, ${part}}]`, 'spec-empty', /^default: /],
    [
      'an entry that matches everything',
      `default: {compliance.min: 1}\ntargets: [{match: {}, ${part}}]`,
      'spec-value',
      /use "default"/,
    ],
    [
      'a misspelt condition',
      `default: {compliance.min: 1}\ntargets: [{match: {name: a}, ${part}}]`,
      'spec-unknown-key',
      /^targets\[0\]\.match\.name /,
    ],
    [
      'a selector without a kind',
      `default: {compliance.min: 1}\ntargets: [{match: {selector: web}, ${part}}]`,
      'spec-value',
      /^targets\[0\]\.match\.selector: .*deployment\/web/,
    ],
    [
      'a misspelt bound',
      'default: {compliance.min: 1}\ntargets: [{match: {namespace: a}, threshold: {complience: {min: 3}}}]',
      'spec-unknown-key',
      /^targets\[0\]\.threshold: complience\.min/,
    ],
    [
      'bounds beside default',
      `default: {compliance.min: 1}\ncompliance: {min: 3}\ntargets: [{match: {namespace: a}, ${part}}]`,
      'spec-unknown-key',
      /^compliance /,
    ],
  ] as const)('%s', (...[, text, reason, message]) => {
    const problems = [expect.objectContaining({ message: expect.stringMatching(message) })];
    expect(parseThresholdFile(text)).toMatchObject({ kind: 'refused', reason, problems });
  });

  test('a file without these keys is a plain threshold', () => {
    expect(parseThresholdFile('failed: {total: {max: 0}}')).toMatchObject({ kind: 'threshold' });
    expect(parseThresholdFile('production: {compliance: {min: 3}}')).toMatchObject({
      reason: 'spec-unknown-key',
      problems: [{ message: expect.stringMatching(/"targets", next to "default"/) }],
    });
  });
});
