// SPDX-License-Identifier: Apache-2.0
import { stableImage, stablePod } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import { type Fields, textAt } from '../values.ts';
import { readResults } from './trivy-results.ts';

/** One list of `trivy k8s`: each resource has results, or the error that kept Trivy from it. Exit code 0 either way. */
export function readK8s(value: unknown, key: string, journal: Journal): Set<string> {
  const resources = journal.objects(value, key);
  if (resources.length === 0 && key === 'Resources') journal.problem('not-looked', 'it lists no resource');
  return new Set(resources.flatMap(resource => readResource(resource, journal)));
}

/** The classes of its results. */
function readResource(resource: Fields, journal: Journal): string[] {
  const name = nameOf(resource);
  if (textAt(resource, 'Error') !== '') journal.problem('not-looked', `Trivy could not look at ${name}`);
  return journal.objects(resource['Results'], `Results of ${name}`).flatMap(result => {
    const image = imageIn(textAt(result, 'Target'));
    return [...readResults([result], journal, image === undefined ? name : `${name} ${image}`)];
  });
}

function nameOf(resource: Fields): string {
  const kind = textAt(resource, 'Kind');
  const name = textAt(resource, 'Name');
  return [textAt(resource, 'Namespace'), kind, kind === 'Pod' ? stablePod(name) : name].filter(Boolean).join('/');
}

/** `docker.io/redis:6.0.5 (debian 10.4)`: which of several images of a workload. */
function imageIn(target: string): string | undefined {
  const reference = /^(\S+) \([a-z0-9 ._-]+\)$/i.exec(target)?.[1];
  return reference === undefined ? undefined : stableImage(reference);
}
