// SPDX-License-Identifier: Apache-2.0
import type { RawFinding } from '@cinc-scan/core';
import type { Input } from '../input/input.ts';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import type { About } from '../reading.ts';
import { at, type Fields, has, isFields, listAt, someText, textAt, textsIn } from '../values.ts';

const isV4 = (document: unknown): document is Fields =>
  has(document, 'manifest_hash', 'packages', 'vulnerabilities', 'package_vulnerabilities');
const isScanner = (document: unknown): document is Fields => has(document, 'image', 'unapproved', 'vulnerabilities');
const isKlar = (document: unknown): document is Fields => has(document, 'LayerCount', 'Vulnerabilities');
const isError = (document: unknown): document is Fields =>
  has(document, 'code', 'message') && Object.keys(document).length === 2;
const isOurs = (document: unknown): boolean =>
  document === null || isV4(document) || isScanner(document) || isKlar(document) || isError(document);

// https://github.com/quay/clair, v4; clair-scanner and klar are clients of Clair 2.
export const clair: Reader = {
  tool: 'clair',
  title: 'Clair',
  framing: 'lines',
  exits: [0],
  fits: ({ documents }: Input) => documents.length > 0 && documents.every(document => isOurs(document)),
  read: (input, journal) => {
    const { documents } = input;
    const lines = input.frames.kind === 'framed' ? input.frames.lines : [];
    if (lines.length > 0) journal.problem('unreadable', 'there is other text next to the report');
    if (documents.length > 1)
      journal.problem('unreadable', `it holds ${documents.length} reports in a row: write one file for each image`);
    const [document] = documents;
    readDocument(document, journal);
    if (journal.isClear && journal.findings.length === 0)
      journal.problem('unproven', 'no vulnerability: the image is clean, or the updaters had not run yet', 'empty');
    return aboutOf(document);
  },
};

function aboutOf(document: unknown): About {
  const target = someText(document, 'image') ?? someText(document, 'manifest_hash');
  return {
    tool: 'clair',
    version: undefined,
    target,
    checkedAt: undefined,
    ruleset: isV4(document) ? 'clair 4' : 'clair 2',
  };
}

function readDocument(document: unknown, journal: Journal): void {
  if (document === null) journal.problem('not-looked', 'it is `null`: there was no report');
  else if (isV4(document)) readV4(document, journal);
  else if (isScanner(document)) readScanner(document, journal);
  else if (isKlar(document)) readKlar(document, journal);
  else
    journal.problem(
      'not-looked',
      `it is an error of the service, not a report: ${textAt(document, 'code').slice(0, 60)}`,
    );
}

function readV4(document: Fields, journal: Journal): void {
  const packages = mapping(document['packages'], 'packages', journal);
  if (Object.keys(packages).length === 0) journal.problem('not-looked', 'it names no package');
  const advisories = mapping(document['vulnerabilities'], 'vulnerabilities', journal);
  const found = mapping(document['package_vulnerabilities'], 'package_vulnerabilities', journal);
  for (const [id, list] of Object.entries(found)) {
    const names = new Set<string>(); // one advisory stands there under several ids
    for (const advisoryId of textsIn(list)) {
      const advisory = at(advisories, advisoryId);
      if (!isFields(advisory) || !isFields(packages[id])) {
        journal.problem('contradiction', 'it refers to a package or a vulnerability that it does not have');
        continue;
      }
      const path = pathOf(listAt(document, 'environments', id));
      if (names.size !== names.add(nameOf(advisory).id).size)
        journal.findings.push(
          toFinding(advisory, journal, {
            package: textAt(packages[id], 'name'),
            version: textAt(packages[id], 'version'),
            path,
          }),
        );
    }
  }
}

function mapping(value: unknown, name: string, journal: Journal): Fields {
  if (isFields(value)) return value;
  journal.problem('unreadable', `${name} is not a mapping`);
  return {};
}

/** Databases of an operating system have no language in front: `go:usr/bin/clairctl`, but `bdb:var/lib/rpm`. */
function pathOf(environments: readonly unknown[]): string | undefined {
  const [first] = environments;
  const [, kind, path] = /^([a-z]+):(.*)$/.exec(textAt(first, 'package_db')) ?? [];
  return kind === undefined || ['bdb', 'sqlite', 'ndb'].includes(kind) ? undefined : path;
}

interface Installed {
  package: string;
  version: string;
  path: string | undefined;
}

/** `RHSA-2023:5837: nghttp2 security update`; where a package stands in front (`pcre2: …`) its CVE is in the links. */
function nameOf(advisory: Fields): { id: string; title: string } {
  const name = textAt(advisory, 'name');
  const [head = '', ...rest] = name.split(': ');
  if (/^[A-Z]{2}[A-Z0-9]*[-:]\S*\d\S*$/.test(head)) return { id: head, title: rest.join(': ') };
  const [cve, ...others] = cvesIn(textAt(advisory, 'links'));
  return { id: cve !== undefined && others.length === 0 ? cve : name, title: name };
}

function toFinding(advisory: Fields, journal: Journal, { package: name, version, path }: Installed): RawFinding {
  const { id, title } = nameOf(advisory);
  const links = textAt(advisory, 'links').split(/\s+/).filter(Boolean);
  const fixed = someText(advisory, 'fixed_in_version');
  if (id === '') journal.warn('a vulnerability has no name');
  return {
    kind: 'vulnerability',
    rule: id || 'unidentified',
    aliases: cvesIn(textAt(advisory, 'links')).filter(cve => cve !== id),
    title: title || (textAt(advisory, 'description').split('\n', 1)[0] ?? ''),
    rating: journal.rating(textAt(advisory, 'normalized_severity'), someText(advisory, 'updater') ?? 'clair'),
    place: { package: name, path },
    installed: version || undefined,
    fixed,
    fixState: fixed === undefined ? 'unknown' : 'fixed',
    refs: links.slice(0, 10),
  };
}

const cvesIn = (text: string): string[] => [...new Set(text.match(/CVE-\d{4}-\d{4,}/g) ?? [])];

function readScanner(document: Fields, journal: Journal): void {
  for (const item of journal.needed(document['vulnerabilities'], 'vulnerabilities'))
    journal.findings.push({
      kind: 'vulnerability',
      rule: textAt(item, 'vulnerability') || 'unidentified',
      aliases: [],
      title: '',
      rating: journal.rating(textAt(item, 'severity'), 'clair'),
      place: { package: textAt(item, 'featurename') },
      installed: someText(item, 'featureversion'),
      fixed: someText(item, 'fixedby'),
      refs: [textAt(item, 'link')].filter(Boolean),
    });
}

function readKlar(document: Fields, journal: Journal): void {
  const bySeverity = mapping(document['Vulnerabilities'], 'Vulnerabilities', journal);
  if (document['LayerCount'] === 0) journal.problem('not-looked', 'it looked at no layer');
  for (const [severity, list] of Object.entries(bySeverity))
    for (const item of journal.objects(list, `Vulnerabilities.${severity.slice(0, 40)}`))
      journal.findings.push({
        kind: 'vulnerability',
        rule: textAt(item, 'Name') || 'unidentified',
        aliases: [],
        title: '',
        rating: journal.rating(someText(item, 'Severity') ?? severity, 'clair'),
        place: { package: textAt(item, 'FeatureName') },
        installed: someText(item, 'FeatureVersion'),
        fixed: someText(item, 'FixedBy'),
        refs: [textAt(item, 'Link')].filter(Boolean),
      });
}
