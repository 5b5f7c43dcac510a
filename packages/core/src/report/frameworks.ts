// SPDX-License-Identifier: Apache-2.0
// What tags of controls refer to. One place knows how they are written and what they mean.
import { tagWords } from './rows.ts';

// https://doi.org/10.6028/NIST.SP.800-53r5, chapter 3
const families = new Map([
  ['AC', 'Access Control'],
  ['AT', 'Awareness and Training'],
  ['AU', 'Audit and Accountability'],
  ['CA', 'Assessment, Authorization and Monitoring'],
  ['CM', 'Configuration Management'],
  ['CP', 'Contingency Planning'],
  ['IA', 'Identification and Authentication'],
  ['IR', 'Incident Response'],
  ['MA', 'Maintenance'],
  ['MP', 'Media Protection'],
  ['PE', 'Physical and Environmental Protection'],
  ['PL', 'Planning'],
  ['PM', 'Program Management'],
  ['PS', 'Personnel Security'],
  ['PT', 'PII Processing and Transparency'],
  ['RA', 'Risk Assessment'],
  ['SA', 'System and Services Acquisition'],
  ['SC', 'System and Communications Protection'],
  ['SI', 'System and Information Integrity'],
  ['SR', 'Supply Chain Risk Management'],
]);

// https://doi.org/10.6028/NIST.SP.800-190, chapters 3 and 4, which number risks and their countermeasures alike
const subjects = new Map([
  ['1', 'Images'],
  ['1.1', 'Image vulnerabilities'],
  ['1.2', 'Image configuration defects'],
  ['1.3', 'Embedded malware'],
  ['1.4', 'Embedded clear text secrets'],
  ['1.5', 'Use of untrusted images'],
  ['2', 'Registries'],
  ['2.1', 'Insecure connections to registries'],
  ['2.2', 'Stale images in registries'],
  ['2.3', 'Insufficient authentication and authorization restrictions'],
  ['3', 'Orchestrators'],
  ['3.1', 'Unbounded administrative access'],
  ['3.2', 'Unauthorized access'],
  ['3.3', 'Poorly separated inter-container network traffic'],
  ['3.4', 'Mixing of workload sensitivity levels'],
  ['3.5', 'Orchestrator node trust'],
  ['4', 'Containers'],
  ['4.1', 'Vulnerabilities within the runtime software'],
  ['4.2', 'Unbounded network access from containers'],
  ['4.3', 'Insecure container runtime configurations'],
  ['4.4', 'App vulnerabilities'],
  ['4.5', 'Rogue containers'],
  ['5', 'Host OS'],
  ['5.1', 'Large attack surface'],
  ['5.2', 'Shared kernel'],
  ['5.3', 'Host OS component vulnerabilities'],
  ['5.4', 'Improper user access rights'],
  ['5.5', 'Host OS file system tampering'],
  ['6', 'Hardware'],
]);

export type FrameworkId = 'nist-800-53' | 'nist-800-190' | 'cis-docker' | 'cis-kubernetes' | 'mitre-attack';

type Tagged = Parameters<typeof tagWords>[0];

/** A catalogue of requirements, and how the tags of a control name its parts. */
export interface Framework {
  id: FrameworkId;
  title: string;
  /** Over a table of its parts. */
  heading: string;
  column: string;
  /** Parts that a control is tagged with, each once. */
  partsOf: (control: Tagged) => string[];
  nameOf: (part: string) => string;
  /** Every part there is, where the list is public and short enough to show what is not covered. */
  all: readonly string[] | undefined;
}

const each = (control: Tagged, tags: string[], part: RegExp): string[] => [
  ...new Set(tags.flatMap(tag => tagWords(control, tag)).flatMap(word => part.exec(word)?.[1] ?? [])),
];

// `5.2.6`, `CIS 5.2.6`, `v1.8.0 5.2.6`.
const section = /(?:^|\s)(\d{1,2}(?:\.\d{1,2}){0,3})$/;

export const frameworks: Record<FrameworkId, Framework> = {
  'nist-800-53': {
    id: 'nist-800-53',
    title: 'NIST SP 800-53',
    heading: 'NIST SP 800-53 families',
    column: 'Family',
    partsOf: control => each(control, ['nist'], /^\s*([A-Z]{2})-\d/),
    nameOf: family => families.get(family) ?? 'unknown family',
    all: undefined,
  },
  'nist-800-190': {
    id: 'nist-800-190',
    title: 'NIST SP 800-190',
    heading: 'NIST SP 800-190 sections',
    column: 'Section',
    partsOf: control => each(control, ['nist-800-190'], /(?:^|\s)([34](?:\.\d){1,2})$/),
    nameOf: part => subjects.get(part.slice(2)) ?? 'other',
    // The countermeasures; the risks of chapter 3 are numbered alike.
    all: [...subjects.keys()].filter(key => key.includes('.') || key === '6').map(key => `4.${key}`),
  },
  'cis-docker': {
    id: 'cis-docker',
    title: 'CIS Docker',
    heading: 'CIS Docker Benchmark sections',
    column: 'Section',
    partsOf: control => each(control, ['cis_docker', 'cis-docker'], section),
    nameOf: () => '',
    all: undefined,
  },
  'cis-kubernetes': {
    id: 'cis-kubernetes',
    title: 'CIS Kubernetes',
    heading: 'CIS Kubernetes Benchmark sections',
    column: 'Section',
    partsOf: control => each(control, ['cis_kubernetes', 'cis-kubernetes'], section),
    nameOf: () => '',
    all: undefined,
  },
  'mitre-attack': {
    id: 'mitre-attack',
    title: 'MITRE ATT&CK',
    heading: 'MITRE ATT&CK techniques',
    column: 'Technique',
    partsOf: control => each(control, ['mitre_attack', 'mitre-attack'], /(?:^|\s)(T\d{4}(?:\.\d{3})?)$/),
    nameOf: () => '',
    all: undefined,
  },
};

/** Made where it is needed: it takes several milliseconds, which each start of the command would pay. */
let inOrder: Intl.Collator | undefined;

/** `4.4.10` after `4.4.9`. */
export function byPart(a: string, b: string): number {
  inOrder ??= new Intl.Collator('en', { numeric: true });
  return inOrder.compare(a, b);
}
