// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity, RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, numberAt, someText, textAt } from '../values.ts';

// https://github.com/controlplaneio/kubesec; exit code 2: some score is 0 or less.
export const kubesec: Reader = {
  tool: 'kubesec',
  title: 'kubesec',
  framing: 'one',
  exits: [0, 2],
  fits: ({ document }) =>
    Array.isArray(document) && document.length > 0 && document.every(item => has(item, 'object', 'valid', 'message')),
  read: ({ document }, journal) => {
    for (const object of journal.objects(document, 'the list of objects')) readObject(object, journal);
    return { tool: 'kubesec', version: undefined, target: undefined, checkedAt: undefined, ruleset: 'kubesec 2' };
  },
};

function readObject(object: Fields, journal: Journal): void {
  const name = textAt(object, 'object');
  if (object['valid'] !== true || /not supported by kubesec/i.test(textAt(object, 'message'))) {
    journal.problem('not-looked', `kubesec did not look at ${name.slice(0, 200)}`);
    return;
  }
  if (numberAt(object, 'score') === undefined) journal.problem('unreadable', `${name.slice(0, 200)} has no score`);
  const rules = (list: string) => journal.objects(at(object, 'scoring', list), `scoring.${list}`);
  if (!has(object, 'scoring') || at(object, 'scoring') === null)
    journal.problem('not-looked', `no rule was applied to ${name.slice(0, 200)}`);
  for (const rule of rules('critical')) journal.findings.push(toFinding(rule, object, ofPoints(rule)));
  for (const rule of rules('advise')) journal.findings.push(toFinding(rule, object, 'low'));
  for (const rule of rules('passed'))
    journal.passes.push({ rule: idOf(rule), title: textAt(rule, 'reason'), place: name });
}

const idOf = (rule: Fields): string => someText(rule, 'id') ?? textAt(rule, 'selector');

function ofPoints(rule: Fields): FindingSeverity {
  const points = numberAt(rule, 'points');
  if (points === undefined) return 'unknown';
  return points <= -30 ? 'high' : 'medium';
}

/** Named by its selector: ids are there since 2.9 only, and an upgrade would make everything new. */
function toFinding(rule: Fields, object: Fields, severity: FindingSeverity): RawFinding {
  const selector = textAt(rule, 'selector');
  return {
    kind: 'misconfiguration',
    rule: idOf(rule),
    ruleKey: selector || idOf(rule),
    aliases: [],
    title: textAt(rule, 'reason'),
    rating: { severity, raw: `${String(numberAt(rule, 'points') ?? '')} points`, source: 'kubesec' },
    place: { resource: textAt(object, 'object') },
    evidence: selector,
  };
}
