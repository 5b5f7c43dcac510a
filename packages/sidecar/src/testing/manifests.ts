// SPDX-License-Identifier: Apache-2.0
import { parseAllDocuments } from 'yaml';
import { inject } from '../inject.ts';
import { valueAt } from '../operation.ts';
import type { SidecarSettings } from '../settings.ts';

export const image = 'registry.example.org/tools@sha256:0123';
const settings: SidecarSettings = {
  image,
  checkOnly: false,
  restricted: undefined,
  guarded: false,
  idleSeconds: undefined,
  inPod: undefined,
};

export const injected = (text: string, more: Partial<SidecarSettings> = {}) =>
  inject(text, 'm.yaml', { ...settings, ...more });

export interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string }[];
  [key: string]: unknown;
}

interface PodSpec {
  shareProcessNamespace?: boolean;
  containers: Container[];
  initContainers?: Container[];
  volumes?: { name: string }[];
}

export interface Template {
  metadata?: { annotations?: Record<string, string>; labels?: Record<string, string> };
  spec: PodSpec;
}

export const parse = (text: string): unknown[] =>
  [...parseAllDocuments(text, { version: '1.1', logLevel: 'error' })].map(document => document.toJS() as unknown);

/** The pod or template in a document of a manifest. */
export function parseTemplate(text: string, path: string[]): Template {
  return valueAt(parse(text)[0], path) as Template;
}

export const container = { name: 'app', image: 'shop/app:1' };
export const kinds: [kind: string, apiVersion: string, path: string[], ends: boolean][] = [
  ['Pod', 'v1', [], false],
  ['ReplicationController', 'v1', ['spec', 'template'], false],
  ['Deployment', 'apps/v1', ['spec', 'template'], false],
  ['StatefulSet', 'apps/v1', ['spec', 'template'], false],
  ['DaemonSet', 'apps/v1', ['spec', 'template'], false],
  ['ReplicaSet', 'apps/v1', ['spec', 'template'], false],
  ['Job', 'batch/v1', ['spec', 'template'], true],
  ['CronJob', 'batch/v1', ['spec', 'jobTemplate', 'spec', 'template'], true],
];

export function manifest(kind: string, apiVersion: string, path: string[]): Record<string, unknown> {
  const pod: Record<string, unknown> = { spec: { containers: [container] } };
  const body = path.toReversed().reduce<Record<string, unknown>>((inner, step) => ({ [step]: inner }), pod);
  return { apiVersion, kind, metadata: { name: 'web' }, ...body };
}

export const pod = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
