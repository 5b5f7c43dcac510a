// SPDX-License-Identifier: Apache-2.0
import { resultStatus } from '../outcome/index.ts';
import { type GroupControl, type IdentityGroup, toGroups } from './groups.ts';
import type { ReportModel } from './model.ts';
import type { Row } from './rows.ts';
import { evidenceText } from './tally.ts';
import { oneLine, shortLine } from './text.ts';
import { type OutcomeView, toViews, waiverState } from './views.ts';
import { listed } from './words.ts';

export interface Mark {
  element: 'failure' | 'error' | 'skipped';
  type?: string;
  message: string;
  body?: string;
}

export interface TestCase {
  classname: string;
  name: string;
  seconds: number;
  mark: Mark | undefined;
  control: GroupControl | undefined;
}

export interface TestSuite {
  name: string;
  timestamp: string | undefined;
  properties: [name: string, value: string][];
  cases: TestCase[];
}

/** One suite per workload and profile, one case per control; what could not be judged is a suite of its own. */
export function toSuites(model: ReportModel): TestSuite[] {
  const views = toViews(model);
  const severalClusters = new Set(views.map(view => view.judged.outcome.target.cluster)).size > 1;
  const withCluster = model.request['context'] !== undefined || severalClusters;
  const severalProfiles = new Set(views.flatMap(view => view.rows.map(row => row.profile))).size > 1;
  const suites = toGroups(views).flatMap(group => groupSuites(group, { withCluster, severalProfiles }));
  return suites.map(suite => ({ ...suite, cases: uniqueNames(suite.cases) }));
}

interface SuiteNaming {
  withCluster: boolean;
  severalProfiles: boolean;
}

function groupSuites(group: IdentityGroup, naming: SuiteNaming): TestSuite[] {
  const names = [...new Set(group.controls.map(({ row }) => row.profile))];
  const suites = names.map((profile): TestSuite => {
    const controls = group.controls.filter(({ row }) => row.profile === profile);
    const classname = className(group, naming, profile);
    return {
      name: naming.severalProfiles ? `${suiteName(group, naming)} ${profile}` : suiteName(group, naming),
      timestamp: startOf(group.views),
      properties: properties(group, controls),
      cases: controls.map(control => toCase(control, classname)),
    };
  });
  return group.troubles.length === 0 ? suites : [...suites, troubleSuite(group, naming)];
}

function suiteName(group: IdentityGroup, { withCluster }: SuiteNaming): string {
  const target = group.views[0]?.target;
  if (target === undefined) return group.identity;
  const { cluster, namespace, owner, container } = target;
  return [...(withCluster ? [cluster] : []), namespace, owner.kind, owner.name, container].join('/');
}

// Dots separate the parts, so none may stand inside one.
const classPart = (text: string) => oneLine(text).replaceAll(/[./ ]/g, '_');

function className(group: IdentityGroup, { withCluster }: SuiteNaming, profile: string): string {
  const target = group.views[0]?.target;
  if (target === undefined) return classPart(group.identity);
  const { cluster, namespace, owner, container } = target;
  const workload = `${owner.kind.toLowerCase()}-${owner.name}`;
  const parts = [...(withCluster ? [cluster] : []), namespace, workload, container, profile];
  return parts
    .filter(part => part !== '')
    .map(part => classPart(part))
    .join('.');
}

/** UTC without fractions: some readers refuse them. */
export function timestamp(text: string): string | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

function startOf(views: OutcomeView[]): string | undefined {
  const starts = views.flatMap(({ judged: { outcome } }) => timestamp(outcome.observation?.started ?? '') ?? []);
  return starts.toSorted()[0];
}

function properties(group: IdentityGroup, controls: GroupControl[]): TestSuite['properties'] {
  const [first] = controls;
  const targets = group.views.flatMap(({ target }) => (target === undefined ? [] : [target]));
  const waivers = controls.flatMap(({ row }): TestSuite['properties'] =>
    row.waiver === undefined ? [] : [[`waiver ${row.id}`, waiverText(row)]],
  );
  return [
    ['profile', `${first?.row.profile ?? ''} ${first?.row.profileVersion ?? ''}`.trim()],
    ['pods', listed([...new Set(targets.map(({ pod }) => pod))], 100)],
    ['image', listed([...new Set(targets.map(({ image, imageDigest }) => imageDigest ?? image))])],
    ...waivers,
  ];
}

/** `EXPIRED 2026-01-01, no longer waived; owner x: reason`. */
export function waiverText(row: Row): string {
  const owner = row.waiver?.owner === undefined ? 'no owner named' : `owner ${row.waiver.owner}`;
  return `${waiverState(row)}; ${owner}: ${row.waiver?.reason ?? ''}`;
}

function toCase(control: GroupControl, classname: string): TestCase {
  const { row } = control;
  const name = shortLine(`${shortLine(row.key, 200)}: ${row.title}`, 160);
  const seconds = Math.max(...control.replicas.map(each => each.seconds));
  return { classname, name, seconds, mark: markOf(control), control };
}

function markOf(control: GroupControl): Mark | undefined {
  const { row } = control;
  switch (row.status) {
    case 'passed':
      return undefined;
    case 'failed':
      return { element: 'failure', type: row.severity, message: shortLine(row.message, 300), body: bodyOf(control) };
    case 'error':
      return { element: 'error', type: errorType(row), message: shortLine(row.message, 300), body: bodyOf(control) };
    case 'skipped':
      return { element: 'skipped', message: shortLine(row.message, 1000) || 'not reviewed' };
    case 'no_impact':
      return { element: 'skipped', message: row.waived ? waiverText(row) : 'not applicable' };
  }
}

function errorType(row: Row): string {
  const failed = row.control.results.find(result => resultStatus(result) === 'error');
  return shortLine(failed?.exception ?? '', 200) || 'profile-error';
}

function bodyOf({ row, pods }: GroupControl): string {
  const source = row.source === undefined ? [] : [`at ${row.source.ref}:${row.source.line}`];
  const waiver = row.waiver === undefined ? [] : [`waiver: ${waiverText(row)}`];
  return [evidenceText(row), ...source, ...waiver, `in ${listed(pods, 100)}`].join('\n');
}

function troubleSuite(group: IdentityGroup, naming: SuiteNaming): TestSuite {
  const classname = className(group, naming, 'cinc-scan');
  return {
    name: `${suiteName(group, naming)} (not judged)`,
    timestamp: startOf(group.views),
    properties: [],
    cases: group.troubles.map(({ view, trouble }) => ({
      classname,
      name: 'the target can be audited',
      seconds: 0,
      mark: {
        element: 'error',
        type: trouble.code,
        message: shortLine(trouble.message, 300),
        body: [trouble.message, trouble.hint, `in ${view.name}`].join('\n'),
      },
      control: undefined,
    })),
  };
}

/** GitLab keeps only the first case of equal names. */
export function uniqueNames(cases: TestCase[]): TestCase[] {
  const seen = new Map<string, number>();
  return cases.map(one => {
    const place = JSON.stringify([one.classname, one.name]);
    const copy = (seen.get(place) ?? 0) + 1;
    seen.set(place, copy);
    return copy === 1 ? one : { ...one, name: `${one.name} #${copy}` };
  });
}
