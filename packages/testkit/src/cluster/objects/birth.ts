// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { objectAt } from './json.ts';
import type { Version } from './kinds.ts';
import { type KubeObject, timestamp } from './objects.ts';

/** What only the server knows of an object: who it is, since when, and of a job how it tells its pods from others'. */
export function born(object: KubeObject, { now, version }: { now: Date; version: Version }): KubeObject {
  const metadata = { ...object.metadata, uid: randomUUID(), creationTimestamp: timestamp(now) };
  const made = { ...object, metadata };
  return made.kind === 'Job' ? selectingItsPods(made, version) : made;
}

// https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/registry/batch/job/strategy.go (generateSelector)
function selectingItsPods(job: KubeObject, version: Version): KubeObject {
  const { uid, name } = job.metadata;
  const old = { 'controller-uid': uid, 'job-name': name };
  const prefixed = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name };
  const spec = objectAt(job, 'spec');
  const template = objectAt(spec, 'template');
  const given = objectAt(template, 'metadata');
  const labels = { ...objectAt(given, 'labels'), ...old, ...(version === '1.20' ? {} : prefixed) };
  const key = version === '1.20' ? 'controller-uid' : 'batch.kubernetes.io/controller-uid';
  const selector = { matchLabels: { [key]: uid } };
  return { ...job, spec: { ...spec, selector, template: { ...template, metadata: { ...given, labels } } } };
}
