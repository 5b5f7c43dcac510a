// SPDX-License-Identifier: Apache-2.0
import {
  type FindingSeverity,
  highestSeverity,
  type Rating,
  type RawFinding,
  severityOfScore,
  severityOfWord,
} from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, isFields, majorOf, momentOf, numberAt, someText, textAt } from '../values.ts';

/** Version 2 writes its keys with capitals and one content for each source, version 4 in lower case and lists. */
const lowerFirst = (key: string): string => {
  const [, capitals = '', rest = ''] = /^([A-Z]*)(.*)$/s.exec(key) ?? [];
  if (capitals.length <= 1) return capitals.toLowerCase() + rest;
  return rest === '' ? capitals.toLowerCase() : capitals.slice(0, -1).toLowerCase() + capitals.slice(-1) + rest;
};

// https://github.com/future-architect/vuls
export const vuls: Reader = {
  tool: 'vuls',
  title: 'Vuls',
  framing: 'one',
  exits: [0],
  fits: ({ document }) =>
    has(document, 'jsonVersion', 'serverName', 'scannedCves') ||
    has(document, 'JSONVersion', 'ServerName', 'ScannedCves'),
  read: ({ document }, journal) => {
    const result = lowered(document);
    checkResult(result, journal);
    const cves = result['scannedCves'];
    if (!isFields(cves)) journal.problem('not-looked', 'there are no scannedCves');
    const found = isFields(cves) ? Object.entries(cves) : [];
    for (const [id, cve] of found) readCve(id, lowered(cve), { result, journal });
    if (journal.isClear && found.length === 0)
      journal.problem('unproven', 'no vulnerability: the host is clean, or the databases were empty', 'empty');
    const version = someText(result, 'reportedVersion') ?? someText(result, 'scannedVersion');
    return {
      tool: 'vuls',
      version,
      target: someText(result, 'container', 'name') ?? someText(result, 'serverName'),
      checkedAt: momentOf(textAt(result, 'scannedAt')),
      ruleset: `vuls ${majorOf(version)}`.trim(),
    };
  },
};

/** An object with its own keys in the way of version 4. */
function lowered(value: unknown): Fields {
  if (!isFields(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [lowerFirst(key), item]));
}

function checkResult(result: Fields, journal: Journal): void {
  const version = numberAt(result, 'jSONVersion') ?? numberAt(result, 'jsonVersion');
  if (version === 0) journal.warn('its version is 0, as server mode writes it');
  else if (version !== 4 && version !== 2) journal.problem('unreadable', 'its version is neither 2 nor 4');
  if (journal.list(result['errors'] ?? [], 'errors').length > 0)
    journal.problem('not-looked', 'Vuls had errors with this host');
  if (journal.list(result['warnings'] ?? [], 'warnings').length > 0) journal.warn('Vuls had warnings for this host');
  if (momentOf(textAt(result, 'reportedAt')) === undefined)
    journal.problem('not-looked', 'it was scanned and not matched with vulnerabilities: run `vuls report`');
}

interface Host {
  result: Fields;
  journal: Journal;
}

function readCve(key: string, cve: Fields, { result, journal }: Host): void {
  const diff = textAt(cve, 'diffStatus');
  if (diff !== '') journal.problem('not-looked', 'it holds only what changed: give the report without -diff');
  if (diff === '-') return;
  const id = textAt(cve, 'cveID') || key;
  const contents = contentsOf(cve);
  const rating = ratingOf(contents);
  const title = contents.map(content => textAt(content, 'title') || textAt(content, 'summary')).find(Boolean) ?? '';
  const refs = contents
    .map(content => textAt(content, 'sourceLink'))
    .filter(Boolean)
    .slice(0, 10);
  for (const affected of affectedBy(cve, result, journal))
    journal.findings.push({ kind: 'vulnerability', rule: id, aliases: [], title, rating, refs, ...affected });
}

function contentsOf(cve: Fields): Fields[] {
  const contents = cve['cveContents'];
  if (!isFields(contents)) return [];
  return Object.values(contents).flatMap(content =>
    (Array.isArray(content) ? content : [content]).map(each => lowered(each)),
  );
}

const scores = ['cvss40Score', 'cvss3Score', 'cvss2Score'];
const wordKeys = ['cvss40Severity', 'cvss3Severity', 'cvss2Severity', 'severity'];

/** The highest score of the newest CVSS that anybody gave; without one the highest word. */
function ratingOf(contents: Fields[]): Rating {
  for (const key of scores) {
    const score = Math.max(0, ...contents.map(content => numberAt(content, key) ?? 0));
    if (score > 0) return { severity: severityOfScore(score), raw: String(score), source: key };
  }
  const words = contents.flatMap(content => wordKeys.map(key => textAt(content, key))).filter(Boolean);
  const severities = words.map((word): FindingSeverity => severityOfWord(word) ?? 'unknown');
  return { severity: highestSeverity(severities), raw: words.join(', '), source: 'severity' };
}

type Affected = Pick<RawFinding, 'place' | 'installed' | 'fixed' | 'fixState'>;

function affectedBy(cve: Fields, result: Fields, journal: Journal): Affected[] {
  const of = (key: string) => journal.objects(cve[key], key).map(each => lowered(each));
  const packages = of('affectedPackages').map((each): Affected => {
    const name = textAt(each, 'name');
    const installed = lowered(at(result, 'packages', name));
    const version = [textAt(installed, 'version'), textAt(installed, 'release')].filter(Boolean).join('-');
    const fixed = someText(each, 'fixedIn');
    const fixState = each['notFixedYet'] === true ? 'not-fixed' : 'unknown';
    return { place: { package: name }, installed: version || undefined, fixed, fixState: fixed ? 'fixed' : fixState };
  });
  const libraries = of('libraryFixedIns').map(
    (each): Affected => ({
      place: { package: textAt(each, 'name'), path: someText(each, 'path') },
      fixed: someText(each, 'fixedIn'),
    }),
  );
  const all = [...packages, ...libraries];
  return all.length > 0 ? all : [{ place: {} }];
}
