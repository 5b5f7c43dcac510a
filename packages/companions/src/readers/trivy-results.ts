// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { FixState, RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import { at, type Fields, has, numberAt, quoted, someText, textAt, textsIn } from '../values.ts';

const classes = ['os-pkgs', 'lang-pkgs', 'config', 'secret', 'license', 'license-file', 'custom'];

/** Where a result is within what was scanned. */
interface Around {
  /** Of a cluster: the resource; otherwise empty. */
  resource: string;
  target: string;
  class: string;
}

/** The findings of a list of results; the classes that it has. */
export function readResults(value: unknown, journal: Journal, resource: string): Set<string> {
  const found = new Set<string>();
  for (const result of journal.objects(value, 'Results')) {
    const name = classOf(result);
    if (!classes.includes(name)) journal.warn(`a result has a class that is not known: ${quoted(name)}`);
    found.add(name);
    readResult(result, journal, { resource, target: textAt(result, 'Target'), class: name });
  }
  return found;
}

// What the first versions left out.
const systems =
  /^(?:alma|alpine|alpine-chainguard|amazon|azurelinux|bottlerocket|cbl-mariner|centos|chainguard|debian|fedora|mariner|minimos|opensuse.*|oracle|photon|redhat|rocky|slem|sles|suse.*|ubuntu|wolfi)$/;

function classOf(result: Fields): string {
  const name = textAt(result, 'Class');
  if (name !== '') return name;
  if (has(result, 'Misconfigurations')) return 'config';
  return systems.test(textAt(result, 'Type')) ? 'os-pkgs' : 'lang-pkgs';
}

function readResult(result: Fields, journal: Journal, around: Around): void {
  const of = (key: string) => journal.objects(result[key], key);
  for (const item of of('Vulnerabilities')) journal.findings.push(toVulnerability(item, journal, around));
  for (const item of of('Misconfigurations')) readMisconfiguration(item, journal, around);
  for (const item of of('Secrets')) journal.findings.push(toSecret(item, journal, around));
  for (const item of of('Licenses')) journal.findings.push(toLicence(item, journal, around));
  for (const item of of('ExperimentalModifiedFindings')) readModified(item, journal, around);
}

const fixStates: Readonly<Record<string, FixState>> = {
  fixed: 'fixed',
  affected: 'not-fixed',
  fix_deferred: 'not-fixed',
  will_not_fix: 'wont-fix',
  end_of_life: 'wont-fix',
};

function toVulnerability(item: Fields, journal: Journal, { resource, target, class: name }: Around): RawFinding {
  const id = textAt(item, 'VulnerabilityID');
  if (id === '') journal.warn('a vulnerability has no id');
  const status = textAt(item, 'Status');
  const fixed = someText(item, 'FixedVersion');
  const path = name === 'os-pkgs' ? undefined : (someText(item, 'PkgPath') ?? target);
  return {
    kind: 'vulnerability',
    rule: id === '' ? 'unidentified' : id,
    aliases: textsIn(item['VendorIDs']),
    title: textAt(item, 'Title'),
    rating: journal.rating(textAt(item, 'Severity'), someText(item, 'SeveritySource') ?? 'trivy'),
    place: {
      path,
      resource: resource || undefined,
      package: textAt(item, 'PkgName'),
      purl: someText(item, 'PkgIdentifier', 'PURL'),
    },
    installed: someText(item, 'InstalledVersion'),
    fixed,
    fixState: Object.hasOwn(fixStates, status) ? fixStates[status] : fixed === undefined ? 'unknown' : 'fixed',
    refs: refsOf(item),
  };
}

const refsOf = (item: Fields): string[] =>
  [...new Set([textAt(item, 'PrimaryURL'), ...textsIn(item['References'])])].filter(ref => ref !== '').slice(0, 10);

/** `AVD-AWS-0143`, `KSV001` and `KSV-0001` of different versions are `AWS-0143` and `KSV-0001`. */
function ruleOf(id: string): string {
  const [, letters, digits] = /^(?:AVD-)?([A-Z]{2,8})-?(\d{3,4})$/.exec(id) ?? [];
  return letters === undefined || digits === undefined ? id : `${letters}-${digits.padStart(4, '0')}`;
}

function readMisconfiguration(item: Fields, journal: Journal, around: Around): void {
  const id = textAt(item, 'ID') || textAt(item, 'AVDID');
  const rule = ruleOf(id);
  const title = textAt(item, 'Title');
  const status = textAt(item, 'Status');
  if (id === '') journal.problem('unreadable', 'a misconfiguration has no ID');
  const place = placeOfConfig(item, around);
  if (status === 'PASS') journal.passes.push({ rule, title, place: place.path ?? place.resource ?? '' });
  else if (status === 'EXCEPTION') journal.unchecked.add(rule);
  else if (status === 'FAIL' || status === '')
    journal.findings.push(toMisconfiguration(item, journal, { rule, id, place }));
  else journal.unknownStatus(status, `misconfiguration ${rule}`);
}

function placeOfConfig(item: Fields, { resource, target }: Around): RawFinding['place'] {
  const cause = at(item, 'CauseMetadata');
  const within = someText(cause, 'Resource');
  if (resource !== '')
    return { resource: [resource, within].filter(Boolean).join(' '), line: numberAt(cause, 'StartLine') };
  return { path: target, resource: within, line: numberAt(cause, 'StartLine') };
}

interface Named {
  rule: string;
  id: string;
  place: RawFinding['place'];
}

function toMisconfiguration(item: Fields, journal: Journal, { rule, id, place }: Named): RawFinding {
  const message = textAt(item, 'Message');
  return {
    kind: 'misconfiguration',
    rule,
    aliases: rule === id ? [] : [id],
    title: textAt(item, 'Title'),
    rating: journal.rating(textAt(item, 'Severity'), 'trivy'),
    place,
    // Which container of a workload: the message names it, and the resource does not.
    mark: /^Container '[^']*'/.exec(message)?.[0],
    evidence: message,
    refs: refsOf(item),
  };
}

/** Only the censored match is taken: the lines around it hold other secrets as they are. */
function toSecret(item: Fields, journal: Journal, { resource, target }: Around): RawFinding {
  const match = textAt(item, 'Match');
  return {
    kind: 'secret',
    rule: textAt(item, 'RuleID') || 'unidentified',
    aliases: [],
    title: textAt(item, 'Title'),
    rating: journal.rating(textAt(item, 'Severity'), 'trivy'),
    place: { path: target, resource: resource || undefined, line: numberAt(item, 'StartLine') },
    mark: createHash('sha256').update(match).digest('hex'),
    evidence: match,
  };
}

function toLicence(item: Fields, journal: Journal, { resource, target }: Around): RawFinding {
  return {
    kind: 'licence',
    rule: textAt(item, 'Name') || 'unidentified',
    aliases: [],
    title: `licence of category ${textAt(item, 'Category') || 'unknown'}`,
    rating: journal.rating(textAt(item, 'Severity'), 'trivy'),
    place: {
      path: someText(item, 'FilePath') ?? target,
      resource: resource || undefined,
      package: someText(item, 'PkgName'),
    },
  };
}

/** What Trivy itself leaves out by VEX or an ignore file, shown with --show-suppressed. */
function readModified(item: Fields, journal: Journal, around: Around): void {
  const finding = at(item, 'Finding');
  if (textAt(item, 'Type') !== 'vulnerability' || !has(finding, 'VulnerabilityID')) return;
  const reason = textAt(item, 'Statement') || textAt(item, 'Status');
  const suppressed = { origin: `trivy: ${textAt(item, 'Source')}`, reason };
  journal.findings.push({ ...toVulnerability(finding, journal, around), suppressed });
}
