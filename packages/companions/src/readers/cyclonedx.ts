// SPDX-License-Identifier: Apache-2.0
import {
  type FindingSeverity,
  highestSeverity,
  parsePurl,
  type Rating,
  type RawFinding,
  severityOfScore,
  severityOfWord,
} from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader, Wanted } from '../reader.ts';
import { at, type Fields, has, hasList, isFields, majorOf, momentOf, numberAt, someText, textAt } from '../values.ts';

const versions = ['1.4', '1.5', '1.6', '1.7'];

const isBom = (document: unknown): document is Fields =>
  has(document, 'specVersion') && textAt(document, 'bomFormat') === 'CycloneDX';

/** Statements alone: no component, and every vulnerability analysed. */
export const isVexBom = (document: unknown): boolean =>
  isBom(document) &&
  !hasList(document, 'components') &&
  hasList(document, 'vulnerabilities') &&
  !has(document['metadata'], 'component');

export function checkVersion(document: unknown, journal: Journal): void {
  const version = textAt(document, 'specVersion');
  if (!versions.includes(version))
    journal.problem('unreadable', `it is CycloneDX ${version.slice(0, 20)}, and ${versions.join(', ')} are read`);
}

// https://cyclonedx.org/docs/1.6/json/
export const cyclonedx: Reader = {
  tool: 'cyclonedx',
  title: 'CycloneDX with vulnerabilities',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => isBom(document) && !isVexBom(document),
  read: ({ document }, journal, wanted) => {
    checkVersion(document, journal);
    const components = componentsOf(document, journal);
    const items = journal.needed(at(document, 'vulnerabilities'), 'vulnerabilities');
    // An inventory that nobody matched with advisories has the very same empty list.
    if (items.length === 0 && journal.isClear)
      journal.problem('unproven', 'no vulnerability: nothing shows that the tool looked for any', 'empty');
    for (const item of items) readVulnerability(item, journal, { components, wanted });
    const version = toolVersion(document, journal);
    return {
      tool: 'cyclonedx',
      version,
      target: someText(document, 'metadata', 'component', 'name'),
      checkedAt: momentOf(textAt(document, 'metadata', 'timestamp')),
      ruleset: `cyclonedx ${majorOf(version)}`.trim(),
    };
  },
};

/** Tools are a list up to 1.4 and components since 1.5. */
function toolVersion(document: unknown, journal: Journal): string | undefined {
  const tools = at(document, 'metadata', 'tools');
  const list = journal.objects(isFields(tools) ? tools['components'] : tools, 'metadata.tools');
  return list.map(tool => someText(tool, 'version')).find(Boolean);
}

type Components = ReadonlyMap<string, Fields>;

function componentsOf(document: unknown, journal: Journal): Components {
  const all: [string, Fields][] = [];
  const waiting = [at(document, 'components')];
  while (waiting.length > 0)
    for (const component of journal.objects(waiting.pop(), 'components')) {
      all.push([textAt(component, 'bom-ref'), component]);
      waiting.push(component['components']);
    }
  return new Map(all);
}

const excused = ['not_affected', 'false_positive', 'resolved', 'resolved_with_pedigree'];
const open = ['exploitable', 'in_triage', ''];

/** The state that an analysis gives; what is not known excuses nothing. */
export function isExcused(item: Fields, journal: Journal): boolean {
  const state = textAt(item, 'analysis', 'state');
  if (!excused.includes(state) && !open.includes(state)) journal.unknownStatus(state, 'an analysis');
  return excused.includes(state);
}

export const reasonOf = (item: Fields): string =>
  [textAt(item, 'analysis', 'state'), textAt(item, 'analysis', 'justification'), textAt(item, 'analysis', 'detail')]
    .filter(Boolean)
    .join(': ');

interface Around {
  components: Components;
  wanted: Wanted;
}

function readVulnerability(item: Fields, journal: Journal, { components, wanted }: Around): void {
  const affected = journal.objects(item['affects'], 'affects').map(each => textAt(each, 'ref'));
  const suppressed = isExcused(item, journal) ? { origin: 'CycloneDX analysis', reason: reasonOf(item) } : undefined;
  const shared = {
    kind: 'vulnerability' as const,
    rule: textAt(item, 'id') || 'unidentified',
    aliases: journal
      .objects(item['references'], 'references')
      .map(each => textAt(each, 'id'))
      .filter(Boolean),
    title: textAt(item, 'description').split('\n', 1)[0] ?? '',
    rating: ratingOf(item, journal, wanted),
    evidence: textAt(item, 'recommendation'),
    refs: [textAt(item, 'source', 'url')].filter(url => url.startsWith('http')),
    suppressed,
  };
  for (const ref of affected.length === 0 ? [''] : affected)
    journal.findings.push({ ...shared, ...placeOf(ref, components) });
}

function placeOf(ref: string, components: Components): Pick<RawFinding, 'place' | 'installed'> {
  const component = components.get(ref);
  const linked = ref.startsWith('urn:cdx:') ? ref.slice(ref.indexOf('#') + 1) : ref; // a component of another document
  const purl = someText(component, 'purl') ?? (linked.startsWith('pkg:') ? linked : undefined);
  const parsed = purl === undefined ? undefined : parsePurl(purl);
  const name = someText(component, 'name') ?? parsed?.name.split('/').at(-1) ?? ref;
  return { place: { package: name, purl }, installed: someText(component, 'version') ?? parsed?.version };
}

interface Rated {
  authority: string;
  severity: FindingSeverity;
  raw: string;
}

/** The authorities that the user trusts, in that order; else the one that the vulnerability is from; else the highest. */
function ratingOf(item: Fields, journal: Journal, { ratings }: Wanted): Rating {
  const all = journal.objects(item['ratings'], 'ratings').map((rating): Rated => {
    const word = textAt(rating, 'severity');
    const score = numberAt(rating, 'score');
    const method = textAt(rating, 'method').toLowerCase();
    const ofScore = score !== undefined && method.startsWith('cvss') ? severityOfScore(score) : 'unknown';
    const severity = severityOfWord(word) ?? ofScore;
    return { authority: textAt(rating, 'source', 'name').toLowerCase(), severity, raw: word || String(score ?? '') };
  });
  const authorities = [...ratings.map(name => name.toLowerCase()), textAt(item, 'source', 'name').toLowerCase()];
  const trusted = authorities
    .map(name => all.filter(({ authority }) => name !== '' && authority === name))
    .find(each => each.length > 0);
  const chosen = trusted ?? all;
  const severity = highestSeverity(chosen.map(each => each.severity));
  const of = chosen.find(each => each.severity === severity);
  return { severity, raw: of?.raw ?? '', source: of?.authority ?? 'none' };
}
