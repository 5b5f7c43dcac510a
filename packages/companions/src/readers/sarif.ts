// SPDX-License-Identifier: Apache-2.0
import { type FindingKind, type Rating, type RawFinding, severityOfScore } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import type { About } from '../reading.ts';
import {
  at,
  type Fields,
  has,
  hasList,
  isFields,
  listAt,
  majorOf,
  momentOf,
  numberAt,
  quoted,
  someText,
  textAt,
  textsIn,
} from '../values.ts';
import { placeIn, suppressionIn } from './sarif-parts.ts';

// https://docs.oasis-open.org/sarif/sarif/v2.1.0/
export const sarif: Reader = {
  tool: 'sarif',
  title: 'SARIF',
  framing: 'one',
  exits: [0, 1],
  fits: ({ document }) =>
    hasList(document, 'runs') && (!has(document, 'version') || textAt(document, 'version').startsWith('2.1')),
  read: ({ document }, journal) => {
    if (!has(document, 'version')) journal.warn('it does not say which version of SARIF it is');
    const runs = journal.needed(at(document, 'runs'), 'runs');
    if (runs.length === 0) journal.problem('not-looked', 'it has no run');
    for (const run of runs) readRun(run, journal);
    return aboutOf(runs);
  },
};

function aboutOf(runs: readonly Fields[]): About {
  const drivers = runs.map(run => at(run, 'tool', 'driver'));
  const names = [...new Set(drivers.map(driver => textAt(driver, 'name').toLowerCase() || 'unknown'))].toSorted();
  const version = drivers
    .map(driver => someText(driver, 'semanticVersion') ?? someText(driver, 'version'))
    .find(Boolean);
  const ends = runs
    .flatMap(run => listAt(run, 'invocations'))
    .map(each => textAt(each, 'endTimeUtc') || textAt(each, 'startTimeUtc'));
  return {
    tool: `sarif/${names.join('+') || 'unknown'}`,
    version,
    target: runs.map(run => someText(run, 'properties', 'imageName')).find(Boolean),
    checkedAt: ends.map(end => momentOf(end)).find(Boolean),
    ruleset: `${names.join(' ')} ${majorOf(version)}`.trim(),
  };
}

function readRun(run: Fields, journal: Journal): void {
  const name = textAt(run, 'tool', 'driver', 'name') || 'a tool without a name';
  if (!hasList(run, 'results')) journal.problem('not-looked', `the run of ${name.slice(0, 60)} has no results`);
  for (const invocation of journal.objects(run['invocations'], 'invocations')) readInvocation(invocation, journal);
  const rules = rulesOf(run, journal);
  for (const result of journal.objects(run['results'], 'results')) readResult(result, journal, { run, rules });
}

function readInvocation(invocation: Fields, journal: Journal): void {
  if (invocation['executionSuccessful'] === false)
    journal.problem('not-looked', 'the tool says that it did not succeed');
  for (const key of ['toolExecutionNotifications', 'toolConfigurationNotifications'])
    if (journal.objects(invocation[key], key).some(each => textAt(each, 'level') === 'error'))
      journal.problem('not-looked', `the tool reports an error of its own (${key})`);
}

interface Rules {
  byIndex: Fields[];
  byId: ReadonlyMap<string, Fields>;
}

interface Run {
  run: Fields;
  rules: Rules;
}

function rulesOf(run: Fields, journal: Journal): Rules {
  const byIndex = journal.objects(at(run, 'tool', 'driver', 'rules'), 'rules');
  const extensions = journal.objects(at(run, 'tool', 'extensions'), 'extensions');
  const others = extensions.flatMap(extension => journal.objects(extension['rules'], 'rules'));
  return { byIndex, byId: new Map([...others, ...byIndex].map(rule => [textAt(rule, 'id'), rule])) };
}

/** A result names its rule by id, or by its place in the list. */
function ruleOf(result: Fields, { byIndex, byId }: Rules): { id: string; rule: Fields | undefined } {
  const index = numberAt(result, 'ruleIndex') ?? numberAt(result, 'rule', 'index') ?? -1;
  const id = textAt(result, 'ruleId') || textAt(result, 'rule', 'id') || textAt(byIndex[index], 'id');
  // `CA1000/1` is a part of the rule CA1000.
  return { id: id || 'unidentified', rule: byId.get(id) ?? byId.get(id.split('/')[0] ?? '') ?? byIndex[index] };
}

function readResult(result: Fields, journal: Journal, { run, rules }: Run): void {
  const { id, rule } = ruleOf(result, rules);
  const kind = (textAt(result, 'kind') || 'fail').toLowerCase();
  if (textAt(result, 'baselineState').toLowerCase() === 'absent') return; // it was there before
  if (kind === 'pass')
    journal.passes.push({ rule: id, title: titleOf(rule, result), place: placeIn(result, run).path ?? '' });
  else if (kind === 'open' || kind === 'review') journal.unchecked.add(id);
  else if (kind === 'fail') journal.findings.push(toFinding(result, journal, { run, id, rule }));
  else if (kind !== 'notapplicable' && kind !== 'informational')
    journal.unknownStatus(kind, `a result of rule ${id.slice(0, 60)}`);
}

const titleOf = (rule: Fields | undefined, result: Fields): string =>
  textAt(rule, 'shortDescription', 'text') ||
  textAt(result, 'message', 'text') ||
  textAt(rule, 'fullDescription', 'text');

interface Of {
  run: Fields;
  id: string;
  rule: Fields | undefined;
}

function toFinding(result: Fields, journal: Journal, { run, id, rule }: Of): RawFinding {
  const kind = kindOf(id, rule);
  const message = textAt(result, 'message', 'text');
  const { path, ...place } = placeIn(result, run);
  const help = textAt(rule, 'helpUri');
  return {
    kind,
    rule: id,
    aliases: [],
    title: titleOf(rule, result),
    rating: ratingOf(result, rule, journal),
    // An image as such is no place in it.
    place: {
      ...place,
      path: path === textAt(run, 'properties', 'imageName') ? undefined : path,
      package: kind === 'vulnerability' ? packageIn(message) : undefined,
    },
    mark: kind === 'vulnerability' ? undefined : markOf(result, message),
    evidence: message,
    refs: help.startsWith('http') ? [help] : [],
    suppressed: suppressionIn(result, journal),
  };
}

function kindOf(id: string, rule: Fields | undefined): FindingKind {
  const tags = textsIn(at(rule, 'properties', 'tags')).map(tag => tag.toLowerCase());
  if (tags.includes('vulnerability') && /^(?:CVE|GHSA|RHSA|DSA|ELSA|ALAS)[-2]/.test(id)) return 'vulnerability';
  if (tags.includes('secret')) return 'secret';
  return tags.includes('misconfiguration') ? 'misconfiguration' : 'lint';
}

/** Trivy names the package in its message only. */
const packageIn = (message: string): string | undefined => /^Package: (\S+)$/m.exec(message)?.[1];

/** What the tool says is the same between runs; else the line itself; else the text without its numbers. */
function markOf(result: Fields, message: string): string {
  const prints = at(result, 'partialFingerprints') ?? at(result, 'fingerprints');
  if (isFields(prints) && Object.keys(prints).length > 0)
    return JSON.stringify(Object.entries(prints).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const [location] = listAt(result, 'locations');
  const snippet = textAt(location, 'physicalLocation', 'region', 'snippet', 'text').trim();
  return snippet || message.replace(/\d+/g, '#');
}

const levels: Readonly<Record<string, Rating['severity']>> = {
  error: 'high',
  warning: 'medium',
  note: 'low',
  none: 'none',
};

/** `security-severity` as GitHub reads it; else the level of the result, of its rule, or the one that the standard gives. */
function ratingOf(result: Fields, rule: Fields | undefined, journal: Journal): Rating {
  const score = at(result, 'properties', 'security-severity') ?? at(rule, 'properties', 'security-severity');
  if (typeof score === 'string' || typeof score === 'number')
    return { severity: severityOfScore(Number(score)), raw: String(score), source: 'security-severity' };
  const level = textAt(result, 'level') || textAt(rule, 'defaultConfiguration', 'level') || 'warning';
  if (!Object.hasOwn(levels, level)) journal.warn(`a level is a word that is not known: ${quoted(level)}`);
  return {
    severity: (Object.hasOwn(levels, level) ? levels[level] : undefined) ?? 'unknown',
    raw: level,
    source: 'level',
  };
}
