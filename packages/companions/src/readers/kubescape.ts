// SPDX-License-Identifier: Apache-2.0
import { type Rating, type RawFinding, severityOfWord, stablePod } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader, Wanted } from '../reader.ts';
import type { About } from '../reading.ts';
import { at, type Fields, has, isFields, majorOf, momentOf, numberAt, someText, textAt } from '../values.ts';
import { isFramework, readFrameworks } from './kubescape-v1.ts';
import { severityOfFactor } from './severity-of-factor.ts';

const isV2 = (document: unknown): document is Fields => has(document, 'summaryDetails', 'metadata');

// https://github.com/kubescape/kubescape; exit code 1 is for a threshold and for every failure.
export const kubescape: Reader = {
  tool: 'kubescape',
  title: 'Kubescape',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => isV2(document) || isFramework(document) || isListOfFrameworks(document),
  read: ({ document }, journal, wanted) =>
    isV2(document) ? readV2(document, journal, wanted) : readFrameworks(document, journal, wanted),
};

const isListOfFrameworks = (document: unknown): boolean =>
  Array.isArray(document) && document.length > 0 && document.every(item => isFramework(item));

function readV2(document: Fields, journal: Journal, { parts }: Wanted): About {
  const scan = at(document, 'metadata', 'scanMetadata');
  const version = someText(scan, 'kubescapeVersion');
  const summary = at(document, 'summaryDetails');
  const frameworks = journal.objects(at(summary, 'frameworks'), 'frameworks').map(each => textAt(each, 'name'));
  for (const part of parts)
    if (!frameworks.some(name => name.toLowerCase() === part.toLowerCase()))
      journal.problem('incomplete', `the framework ${part} was not evaluated`);
  readCoverage(at(document, 'scanCoverage'), journal);
  const controls = readControls(at(summary, 'controls'), journal);
  readResults(document, journal, controls);
  const cluster =
    someText(document, 'clusterName') ??
    someText(document, 'metadata', 'targetMetadata', 'clusterContextMetadata', 'contextName');
  return {
    tool: 'kubescape',
    version,
    target: cluster ?? someText(document, 'metadata', 'targetMetadata', 'fileContextMetadata', 'filePath'),
    checkedAt: momentOf(textAt(document, 'generationTime')),
    ruleset: `kubescape ${majorOf(version)} ${frameworks.toSorted().join(' ')}`.trim(),
  };
}

/** Since 4.0.9; before that nothing shows what could not be read (kubescape/kubescape#2010). */
function readCoverage(coverage: unknown, journal: Journal): void {
  if (coverage === undefined || coverage === null) {
    journal.warn('it does not say what could not be read: Kubescape says that since 4.0.9');
    return;
  }
  for (const [key, name] of [
    ['failedGVRPulls', 'kind of resource could not be read'],
    ['partialGVRPulls', 'kind of resource was read in part'],
    ['notEvaluatedControls', 'control was not evaluated'],
    ['vacuousFrameworks', 'framework had nothing to check'],
  ] as const) {
    const missed = at(coverage, key);
    const count = Array.isArray(missed) ? missed.length : 0;
    if (missed !== undefined && missed !== null && !Array.isArray(missed))
      journal.problem('unreadable', `${key} is not a list`);
    if (count > 0) journal.problem('not-looked', `${count} × ${name} (${key})`);
  }
}

interface Control {
  title: string;
  status: string;
  rating: Rating;
}

function readControls(value: unknown, journal: Journal): Map<string, Control> {
  const controls = isFields(value) ? Object.entries(value) : [];
  if (controls.length === 0) journal.problem('not-looked', 'it names no control');
  let evaluated = 0;
  const read = controls.map(([id, control]): [string, Control] => {
    const status = textAt(control, 'statusInfo', 'status') || textAt(control, 'status');
    const isIdle = textAt(control, 'statusInfo', 'subStatus') === 'irrelevant' || status === 'skipped';
    if (!['passed', 'failed', 'skipped'].includes(status)) journal.unknownStatus(status, `control ${id.slice(0, 40)}`);
    if (isIdle) journal.unchecked.add(id);
    else evaluated++;
    const title = textAt(control, 'name');
    if (status === 'passed' && !isIdle) journal.passes.push({ rule: id, title, place: '' });
    return [id, { title, status, rating: ratingOf(control) }];
  });
  if (evaluated === 0) journal.problem('not-looked', 'no control had anything to check');
  return new Map(read);
}

/** The word if there is one, else the factor of the score; it is the control's, whatever the state of the cluster. */
function ratingOf(control: unknown): Rating {
  const word = textAt(control, 'severity');
  const known = severityOfWord(word);
  if (known !== undefined) return { severity: known, raw: word, source: 'kubescape' };
  const factor = numberAt(control, 'scoreFactor') ?? 0;
  return { severity: severityOfFactor(factor), raw: `score factor ${factor}`, source: 'kubescape' };
}

function readResults(document: Fields, journal: Journal, controls: ReadonlyMap<string, Control>): void {
  const files = new Map(
    journal
      .objects(document['resources'], 'resources')
      .map(resource => [textAt(resource, 'resourceID'), someText(resource, 'source', 'relativePath')] as const),
  );
  const failed = new Set<string>();
  for (const result of journal.objects(document['results'], 'results')) {
    const id = textAt(result, 'resourceID');
    for (const control of journal.objects(result['controls'], 'results.controls')) {
      const rule = textAt(control, 'controlID');
      if (textAt(control, 'status', 'status') === 'failed') failed.add(rule);
      readResult(control, journal, { resource: stableResource(id), path: files.get(id), control: controls.get(rule) });
    }
  }
  for (const [id, { status }] of controls)
    if (status === 'failed' && !failed.has(id))
      journal.problem('contradiction', `control ${id} failed, and no resource of it is listed`);
}

/** `path=966824446/api=apps/v1//Deployment/nginx` names the folder of one machine by a hash. */
function stableResource(id: string): string {
  const parts = id.replace(/^path=\d+\/(?:api=)?/, '').split('/');
  const name = parts.at(-1) ?? '';
  return parts.at(-2) === 'Pod' ? [...parts.slice(0, -1), stablePod(name)].join('/') : parts.join('/');
}

interface Resource {
  resource: string;
  path: string | undefined;
  control: Control | undefined;
}

function readResult(result: Fields, journal: Journal, resource: Resource): void {
  const rule = textAt(result, 'controlID');
  const status = textAt(result, 'status', 'status');
  const isExcepted = textAt(result, 'status', 'subStatus') === 'w/exceptions';
  if (!['passed', 'failed', 'skipped'].includes(status)) journal.unknownStatus(status, `control ${rule.slice(0, 40)}`);
  if (status !== 'failed' && !isExcepted) return;
  if (resource.control === undefined)
    journal.problem('contradiction', `the summary does not have control ${rule.slice(0, 40)}`);
  const suppressed = isExcepted ? { origin: 'kubescape', reason: 'an exception' } : undefined;
  for (const failure of rulesOf(result, journal))
    journal.findings.push({ ...toFinding(result, resource, failure), suppressed });
}

function toFinding(result: Fields, { resource, path, control }: Resource, { name, place }: Failure): RawFinding {
  return {
    kind: 'misconfiguration',
    rule: textAt(result, 'controlID'),
    aliases: [],
    title: control?.title ?? textAt(result, 'name'),
    rating: control?.rating ?? ratingOf(result),
    place: { resource, path },
    mark: JSON.stringify([name, place]),
    evidence: place,
  };
}

interface Failure {
  name: string;
  /** The path within the resource; empty where the rule names none. */
  place: string;
}

/** What failed, by rule and by path within the resource; a rule without paths is about the resource as such. */
function rulesOf(result: Fields, journal: Journal): Failure[] {
  const rules = journal
    .objects(result['rules'], 'rules')
    .filter(rule => textAt(rule, 'status') !== 'passed' || has(rule, 'paths'));
  const failed = rules.flatMap(rule => {
    const name = textAt(rule, 'name');
    const paths = journal.objects(rule['paths'], 'paths').map(path => pathOf(path));
    return (paths.length === 0 ? [''] : [...new Set(paths)]).map(place => ({ name, place }));
  });
  return failed.length === 0 ? [{ name: '', place: '' }] : failed;
}

const pathOf = (path: Fields): string =>
  ['failedPath', 'reviewPath', 'deletePath'].map(key => textAt(path, key)).find(Boolean) ??
  textAt(path, 'fixPath', 'path');
