// SPDX-License-Identifier: Apache-2.0
import type { Area, FindingSeverity, FindingStatus } from '../../findings/index.ts';
import { severityWords } from '../severity-words.ts';

export const areaNames = {
  source: 'Source code',
  os: 'Operating system',
  images: 'Images',
  resources: 'Kubernetes resources',
  cloud: 'Cloud service',
  cluster: 'Cluster',
} as const satisfies Record<Area, string>;

export const severityName = (severity: FindingSeverity): string =>
  severity === 'unknown' ? 'Unknown' : severityWords[severity].name;

export const statusNames = {
  new: 'New',
  returned: 'Returned',
  unsure: 'Unsure',
  known: 'Known',
  waived: 'Waived',
  fixed: 'Fixed',
} as const satisfies Record<FindingStatus, string>;
