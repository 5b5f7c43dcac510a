// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOf } from '@cinc-scan/core';
import { readAs } from '../read.ts';
import type { Wanted } from '../reader.ts';
import type { Reading } from '../reading.ts';

const folder = join(import.meta.dirname, '../../fixtures');

export const anything: Wanted = { parts: [], ratings: [], now: new Date('2026-11-29T00:00:00Z') };

export const sample = (name: string): Buffer => readFileSync(join(folder, name));
export const sampleText = (name: string): string => sample(name).toString('utf8');

/** A sample and the tool as whose result it is declared. */
export const declared: readonly [name: string, tool: string][] = [
  ['clair/error.json', 'clair'],
  ['clair/v2-clair-scanner.json', 'clair'],
  ['clair/v2-klar.json', 'clair'],
  ['clair/v4-none.json', 'clair'],
  ['clair/v4.json', 'clair'],
  ['clamav/clamdscan-found.txt', 'clamav'],
  ['clamav/clamscan-clean.txt', 'clamav'],
  ['clamav/clamscan-denied.txt', 'clamav'],
  ['clamav/clamscan-false-clean.txt', 'clamav'],
  ['clamav/clamscan-found-and-denied.txt', 'clamav'],
  ['clamav/clamscan-found.txt', 'clamav'],
  ['clamav/clamscan-no-database.txt', 'clamav'],
  ['fossa/count-differs.json', 'fossa'],
  ['fossa/issues.json', 'fossa'],
  ['fossa/none.json', 'fossa'],
  ['generic/brakeman.sarif', 'sarif'],
  ['generic/cyclonedx-sbom-only.cdx.json', 'cyclonedx'],
  ['generic/cyclonedx-vex.json', 'cyclonedx-vex'],
  ['generic/cyclonedx-vulnerabilities.cdx.json', 'cyclonedx'],
  ['generic/kind-upper.sarif', 'sarif'],
  ['generic/no-runs.sarif', 'sarif'],
  ['generic/openvex.json', 'openvex'],
  ['generic/suppressions.sarif', 'sarif'],
  ['golangci-lint/typecheck.json', 'golangci-lint'],
  ['golangci-lint/v1-null.json', 'golangci-lint'],
  ['golangci-lint/v2-stats-after.txt', 'golangci-lint'],
  ['golangci-lint/v2.json', 'golangci-lint'],
  ['kube-bench/array.json', 'kube-bench'],
  ['kube-bench/concatenated.txt', 'kube-bench'],
  ['kube-bench/kubectl-logs.txt', 'kube-bench'],
  ['kube-bench/not-looked.json', 'kube-bench'],
  ['kube-bench/totals.json', 'kube-bench'],
  ['kube-hunter/many.json', 'kube-hunter'],
  ['kube-hunter/none.json', 'kube-hunter'],
  ['kube-hunter/nothing-reached.json', 'kube-hunter'],
  ['kube-hunter/twice.json', 'kube-hunter'],
  ['kubescape/v3-file.json', 'kubescape'],
  ['kubescape/v4-cluster.json', 'kubescape'],
  ['kubesec/two-objects.json', 'kubesec'],
  ['kubesec/without-ids.json', 'kubesec'],
  ['linux-bench/controls.json', 'linux-bench'],
  ['sonobuoy/detailed.jsonl', 'sonobuoy'],
  ['sonobuoy/node-error.json', 'sonobuoy'],
  ['sonobuoy/passed.json', 'sonobuoy'],
  ['sonobuoy/sonobuoy_results.yaml', 'sonobuoy'],
  ['trivy/config-avd-id.json', 'trivy'],
  ['trivy/config-helm.json', 'trivy'],
  ['trivy/image-clean.json', 'trivy'],
  ['trivy/image-unfixed.json', 'trivy'],
  ['trivy/image-v2.json', 'trivy'],
  ['trivy/image.gitlab.json', 'gitlab'],
  ['trivy/image.sarif', 'sarif'],
  ['trivy/k8s-2022.json', 'trivy'],
  ['trivy/k8s-all.json', 'trivy'],
  ['trivy/nothing-looked-at.json', 'trivy'],
  ['trivy/repo-secrets.json', 'trivy'],
  ['trivy/v1-list.json', 'trivy'],
  ['vuls/v2.json', 'vuls'],
  ['vuls/v4-diff.json', 'vuls'],
  ['vuls/v4-errors.json', 'vuls'],
  ['vuls/v4-reported.json', 'vuls'],
];

/** A sample as its own tool reads it. */
export function read(name: string, wanted: Partial<Wanted> = {}): Reading {
  const [, tool] = declared.find(([each]) => each === name) ?? [];
  if (tool === undefined) throw new Error(`nobody declared ${name}`);
  return readAs(tool, sample(name), { ...anything, ...wanted });
}

export const readText = (tool: string, text: string, wanted: Partial<Wanted> = {}): Reading =>
  readAs(tool, Buffer.from(text), { ...anything, ...wanted });

export const readJson = (tool: string, document: unknown, wanted: Partial<Wanted> = {}): Reading =>
  readText(tool, JSON.stringify(document), wanted);

/** What a reading tells in a line: whether it looked, why not, and what it found. */
export function summary(reading: Reading): string {
  const counts = `${reading.findings.length} findings`;
  if (reading.kind === 'looked') return `looked: ${counts}`;
  return `${[...new Set(reading.problems.map(({ reason }) => reason))].join(', ')}: ${counts}`;
}

export const problems = (reading: Reading): string[] =>
  reading.kind === 'not-looked' ? reading.problems.map(({ reason, text }) => `${reason}: ${text}`) : [];

export const rules = ({ findings }: Reading): string[] =>
  findings.map(({ rule, rating }) => `${rule} ${rating.severity}`);

/** The fingerprints of a reading about one target. */
export const prints = ({ findings, about }: Reading): string[] =>
  findings.map(finding => fingerprintOf(finding, { tool: about.tool, target: 'repo:shop' })).toSorted();
