// SPDX-License-Identifier: Apache-2.0
import type { Journal } from '../journal.ts';
import type { Wanted } from '../reader.ts';
import type { About } from '../reading.ts';
import { at, type Fields, has, numberAt, textAt, textsIn } from '../values.ts';
import { severityOfFactor } from './severity-of-factor.ts';

/** `--format-version v1`: one report for each framework. */
export const isFramework = (document: unknown): document is Fields => has(document, 'name', 'controlReports');

export function readFrameworks(document: unknown, journal: Journal, { parts }: Wanted): About {
  const frameworks = Array.isArray(document)
    ? document.filter(item => isFramework(item))
    : isFramework(document)
      ? [document]
      : [];
  const names = frameworks.map(framework => textAt(framework, 'name')).toSorted();
  for (const part of parts)
    if (!names.some(name => name.toLowerCase() === part.toLowerCase()))
      journal.problem('incomplete', `the framework ${part} was not evaluated`);
  journal.warn('it is of format v1, which does not say what could not be read: use --format-version v2');
  const controls = frameworks.flatMap(framework => journal.needed(framework['controlReports'], 'controlReports'));
  let looked = 0;
  for (const control of controls) if (readControl(control, journal)) looked++;
  if (looked === 0) journal.problem('not-looked', 'no control had anything to check');
  return {
    tool: 'kubescape',
    version: undefined,
    target: undefined,
    checkedAt: undefined,
    ruleset: `kubescape v1 ${names.join(' ')}`.trim(),
  };
}

/** Whether it had resources to check. */
function readControl(control: Fields, journal: Journal): boolean {
  const rule = textAt(control, 'controlID') || textAt(control, 'id');
  const title = textAt(control, 'name');
  const reports = journal.objects(control['ruleReports'], 'ruleReports');
  const before = journal.findings.length;
  for (const report of reports) readRule(report, journal, { rule, title, factor: numberAt(control, 'baseScore') ?? 0 });
  const isChecked = (numberAt(control, 'totalResources') ?? 0) > 0 || journal.findings.length > before;
  if (!isChecked) journal.unchecked.add(rule);
  else if (journal.findings.length === before) journal.passes.push({ rule, title, place: '' });
  return isChecked;
}

interface Of {
  rule: string;
  title: string;
  factor: number;
}

function readRule(report: Fields, journal: Journal, { rule, title, factor }: Of): void {
  // Whether the rule ran, not what it found.
  const status = textAt(report, 'ruleStatus', 'status');
  if (status !== 'success') journal.problem('not-looked', `a rule of control ${rule.slice(0, 40)} did not run`);
  for (const response of journal.objects(report['ruleResponses'], 'ruleResponses')) {
    const outcome = textAt(response, 'ruleStatus');
    if (outcome === 'success' || outcome === 'ignore') continue;
    if (!['failed', 'warning', ''].includes(outcome)) journal.unknownStatus(outcome, `control ${rule.slice(0, 40)}`);
    for (const resource of resourcesOf(response, journal))
      journal.findings.push({
        kind: 'misconfiguration',
        rule,
        aliases: [],
        title,
        rating: { severity: severityOfFactor(factor), raw: `base score ${factor}`, source: 'kubescape' },
        place: { resource },
        mark: JSON.stringify([textAt(report, 'name'), textsIn(response['failedPaths'])]),
        evidence: textAt(response, 'alertMessage'),
        suppressed:
          has(response, 'exception') && response['exception'] !== null
            ? { origin: 'kubescape', reason: 'an exception' }
            : undefined,
      });
  }
}

function resourcesOf(response: Fields, journal: Journal): string[] {
  const objects = journal.objects(at(response, 'alertObject', 'k8sApiObjects'), 'k8sApiObjects');
  const names = objects.map(object =>
    [
      textAt(object, 'metadata', 'namespace'),
      textAt(object, 'kind'),
      textAt(object, 'metadata', 'name') || textAt(object, 'name'),
    ]
      .filter(Boolean)
      .join('/'),
  );
  return names.length === 0 ? [''] : [...new Set(names)];
}
