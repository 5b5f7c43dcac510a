// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { readAny, readAs, tools } from './read.ts';
import { anything, declared, read, sample, sampleText, summary } from './testing/samples.ts';

describe('a sample of a tool', () => {
  test.each([
    ['clair/v2-clair-scanner.json', 'looked: 4 findings'],
    ['clair/v2-klar.json', 'looked: 6 findings'],
    ['clair/v4.json', 'looked: 5 findings'],
    ['clamav/clamdscan-found.txt', 'looked: 2 findings'],
    ['clamav/clamscan-clean.txt', 'looked: 0 findings'],
    ['clamav/clamscan-found.txt', 'looked: 3 findings'],
    ['fossa/issues.json', 'looked: 2 findings'],
    ['fossa/none.json', 'looked: 0 findings'],
    ['generic/brakeman.sarif', 'looked: 3 findings'],
    ['generic/cyclonedx-vex.json', 'looked: 0 findings'],
    ['generic/cyclonedx-vulnerabilities.cdx.json', 'looked: 2 findings'],
    ['generic/kind-upper.sarif', 'looked: 3 findings'],
    ['generic/openvex.json', 'looked: 0 findings'],
    ['generic/suppressions.sarif', 'looked: 4 findings'],
    ['golangci-lint/v1-null.json', 'looked: 0 findings'],
    ['golangci-lint/v2-stats-after.txt', 'looked: 1 findings'],
    ['golangci-lint/v2.json', 'looked: 4 findings'],
    ['kube-hunter/many.json', 'looked: 8 findings'],
    ['kube-hunter/none.json', 'looked: 0 findings'],
    ['kube-hunter/twice.json', 'looked: 2 findings'],
    ['kubescape/v3-file.json', 'looked: 5 findings'],
    ['kubesec/two-objects.json', 'looked: 3 findings'],
    ['kubesec/without-ids.json', 'looked: 6 findings'],
    ['linux-bench/controls.json', 'looked: 1 findings'],
    ['sonobuoy/passed.json', 'looked: 0 findings'],
    ['trivy/config-avd-id.json', 'looked: 1 findings'],
    ['trivy/config-helm.json', 'looked: 3 findings'],
    ['trivy/image-clean.json', 'looked: 0 findings'],
    ['trivy/image-unfixed.json', 'looked: 2 findings'],
    ['trivy/image-v2.json', 'looked: 4 findings'],
    ['trivy/image.gitlab.json', 'looked: 2 findings'],
    ['trivy/image.sarif', 'looked: 2 findings'],
    ['trivy/k8s-2022.json', 'looked: 8 findings'],
    ['trivy/repo-secrets.json', 'looked: 2 findings'],
    ['trivy/v1-list.json', 'looked: 7 findings'],
    ['vuls/v2.json', 'looked: 2 findings'],
    ['vuls/v4-reported.json', 'looked: 2 findings'],
    // What was found beside the obstacle is found all the same.
    ['clair/error.json', 'not-looked: 0 findings'],
    ['clair/v4-none.json', 'unproven: 0 findings'],
    ['clamav/clamscan-denied.txt', 'not-looked: 0 findings'],
    ['clamav/clamscan-found-and-denied.txt', 'not-looked: 1 findings'],
    ['clamav/clamscan-no-database.txt', 'not-looked: 0 findings'],
    ['fossa/count-differs.json', 'contradiction: 0 findings'],
    ['generic/cyclonedx-sbom-only.cdx.json', 'unproven: 0 findings'],
    ['generic/no-runs.sarif', 'not-looked: 0 findings'],
    ['golangci-lint/typecheck.json', 'not-looked: 1 findings'],
    ['kube-bench/array.json', 'contradiction: 0 findings'],
    ['kube-bench/concatenated.txt', 'contradiction, unproven: 0 findings'],
    ['kube-bench/kubectl-logs.txt', 'contradiction: 0 findings'],
    ['kube-bench/not-looked.json', 'not-looked, contradiction: 5 findings'],
    ['kube-bench/totals.json', 'contradiction: 0 findings'],
    ['kube-hunter/nothing-reached.json', 'not-looked: 0 findings'],
    ['kubescape/v4-cluster.json', 'not-looked: 5 findings'],
    ['sonobuoy/detailed.jsonl', 'not-looked, unproven: 0 findings'],
    ['sonobuoy/node-error.json', 'not-looked: 0 findings'],
    ['sonobuoy/sonobuoy_results.yaml', 'not-looked, unproven: 1 findings'],
    ['trivy/k8s-all.json', 'not-looked: 2 findings'],
    ['trivy/nothing-looked-at.json', 'not-looked: 0 findings'],
    ['vuls/v4-diff.json', 'not-looked: 0 findings'],
    ['vuls/v4-errors.json', 'not-looked: 0 findings'],
  ])('%s is read as "%s"', (name, expected) => expect(summary(read(name))).toBe(expected));

  test('has as many findings as the tool wrote', () => {
    const ids = (name: string, key: string) => sampleText(name).split(`"${key}"`).length - 1;
    expect(read('trivy/image-v2.json').findings).toHaveLength(ids('trivy/image-v2.json', 'VulnerabilityID'));
    expect(read('trivy/v1-list.json').findings).toHaveLength(ids('trivy/v1-list.json', 'PkgName'));
    expect(read('trivy/config-helm.json').findings).toHaveLength(ids('trivy/config-helm.json', 'Resolution'));
    expect(read('kube-hunter/many.json').findings).toHaveLength(ids('kube-hunter/many.json', 'vid'));
    expect(read('clair/v2-klar.json').findings).toHaveLength(ids('clair/v2-klar.json', 'FeatureName'));
    expect(read('golangci-lint/v2.json').findings).toHaveLength(ids('golangci-lint/v2.json', 'FromLinter'));
    expect(read('kubesec/without-ids.json').passes).toHaveLength(8);
  });
});

// The list of packages/companions/fixtures/README.md.
const neverClean = [
  'generic/empty.json',
  'generic/truncated.json',
  'generic/error-page.html',
  'generic/log-instead-of-report.jsonl',
  'generic/no-runs.sarif',
  'generic/cyclonedx-sbom-only.cdx.json',
  'trivy/nothing-looked-at.json',
  'trivy/k8s-all.json',
  'golangci-lint/typecheck.json',
  'kube-bench/not-looked.json',
  'linux-bench/text-despite-json.txt',
  'clair/error.json',
  'clair/v4-none.json',
  'kubescape/v4-cluster.json',
  'kube-hunter/nothing-reached.json',
  'vuls/v4-errors.json',
  'fossa/count-differs.json',
  'clamav/clamscan-denied.txt',
  'clamav/clamscan-no-database.txt',
];

describe('a file that shows that nobody looked', () => {
  test('is listed beside the samples', () => {
    const [, list = ''] = sampleText('README.md').split('must never be read as "no findings": ');
    const names = [...(list.split('. No reader')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(names).toEqual(neverClean);
  });

  test.each(neverClean)('%s is never a look, whatever tool it is declared as', name => {
    for (const tool of tools) expect([tool, readAs(tool, sample(name), anything).kind]).toEqual([tool, 'not-looked']);
    expect(readAny(sample(name), anything).kind).toBe('not-looked');
  });
});

describe('a result whose tool nobody named', () => {
  test.each(declared.filter(([name]) => !['clair/error.json'].includes(name)))(
    '%s is known as one of %s',
    (name, tool) => {
      const reading = readAny(sample(name), anything);
      expect(reading).toEqual(readAs(tool, sample(name), anything));
    },
  );

  test('is refused where two tools write the same', () => {
    expect(summary(readAny(Buffer.from('null'), anything))).toBe('wrong-tool: 0 findings');
    expect(readAny(Buffer.from('null'), anything)).toMatchObject({
      problems: [{ text: 'it may be a result of Clair and Trivy: name the tool' }],
    });
  });

  test('is refused if it is of none', () => {
    expect(summary(readAny(sample('generic/brakeman.json'), anything))).toBe('wrong-tool: 0 findings');
    expect(summary(readAny(Buffer.from('{}'), anything))).toBe('wrong-tool: 0 findings');
    expect(summary(readAny(Buffer.from('{"Issues": []}'), anything))).toBe('wrong-tool: 0 findings');
  });
});

describe('a result that is declared as one of another tool', () => {
  test.each(declared)('%s is taken by %s alone', (name, own) => {
    const others = tools.filter(tool => tool !== own);
    for (const tool of others) {
      const reading = readAs(tool, sample(name), anything);
      expect([tool, reading.kind, reading.findings.length]).toEqual([tool, 'not-looked', 0]);
    }
  });

  test('names the tool that it looks like', () => {
    expect(readAs('kube-bench', sample('linux-bench/controls.json'), anything)).toMatchObject({
      problems: [{ reason: 'wrong-tool', text: 'it is not a result of kube-bench; it looks like one of linux-bench' }],
    });
  });
});
