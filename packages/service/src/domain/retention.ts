// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiTypes } from './api-types.ts';

/** What is kept for a time of its own: days after a scan has ended, or a finding was fixed. */
export const keptKinds = ['events', 'reports', 'results', 'scans', 'findings'] as const;
export type KeptKind = (typeof keptKinds)[number];

const about: Record<KeptKind, string> = {
  events: 'How scans went, step by step',
  reports: 'What is made of results: pages, tables, files for other programs',
  results: 'The manifest of the run and the results themselves, of which every report can be made again',
  scans: 'That there was a scan, with its verdict; nothing of a scan is kept longer',
  findings: 'Findings that are fixed, since they were; what is open stays',
};

/** Of a team that says nothing else. */
const usualDays: Record<KeptKind, number> = { events: 90, reports: 90, results: 365, scans: 1095, findings: 365 };

/** Kinds of reports that are the results themselves. */
export const resultKinds = ['scan', 'hdf', 'hdf-annotated', 'outputs', 'findings'] as const;

/** How long the team keeps a kind of report. */
export const keptDays = (of: Retention, report: string): number | null =>
  resultKinds.some(kind => kind === report) ? of.results : of.reports;

const days = (kind: KeptKind) => z.int().min(1).max(36_500).nullable().describe(`${about[kind]}: days; null: for ever`);

export const retention = z
  .strictObject({
    events: days('events'),
    reports: days('reports'),
    results: days('results'),
    scans: days('scans'),
    findings: days('findings'),
  })
  .refine(of => [of.events, of.reports, of.results].every(each => lasts(each) <= lasts(of.scans)), {
    path: ['scans'],
    message: 'expected as many days as the others have at least: nothing of a scan is kept longer than the scan',
  })
  .register(apiTypes, { id: 'Retention' });

export type Retention = z.infer<typeof retention>;

const lasts = (of: number | null): number => of ?? Number.POSITIVE_INFINITY;

/** What was set, and the usual days for the rest. */
export function toRetention(set: readonly { kind: KeptKind; days: number | null }[]): Retention {
  const of = (kind: KeptKind): number | null => {
    const found = set.find(each => each.kind === kind);
    return found === undefined ? usualDays[kind] : found.days;
  };
  return {
    events: of('events'),
    reports: of('reports'),
    results: of('results'),
    scans: of('scans'),
    findings: of('findings'),
  };
}
