// SPDX-License-Identifier: Apache-2.0
import type { FindingKind, RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import { at, type Fields, has, majorOf, momentOf, numberAt, quoted, someText, textAt } from '../values.ts';

// https://gitlab.com/gitlab-org/security-products/security-report-schemas
export const gitlab: Reader = {
  tool: 'gitlab',
  title: 'GitLab security report',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => has(document, 'version', 'vulnerabilities', 'scan'),
  read: ({ document }, journal) => {
    const version = textAt(document, 'version');
    const scan = at(document, 'scan');
    const scanner = at(scan, 'scanner');
    if (majorOf(version) !== '15' && majorOf(version) !== '14')
      journal.problem('unreadable', 'its version is neither 14 nor 15');
    checkScan(scan, journal);
    const kind = kindOf(textAt(scan, 'type'), journal);
    for (const item of journal.needed(at(document, 'vulnerabilities'), 'vulnerabilities'))
      journal.findings.push(toFinding(item, journal, kind));
    if (textAt(scanner, 'id') === 'trivy' && journal.isClear && journal.findings.length === 0)
      journal.problem('unproven', 'no vulnerability: the template of Trivy always says success', 'empty');
    const tool = textAt(scanner, 'id') || 'unknown';
    const scannerVersion = someText(scanner, 'version');
    return {
      tool: `gitlab/${tool}`,
      version: scannerVersion,
      target: undefined,
      checkedAt: momentOf(textAt(scan, 'end_time')),
      ruleset: `${tool} ${majorOf(scannerVersion)}`.trim(),
    };
  },
};

function checkScan(scan: unknown, journal: Journal): void {
  const status = textAt(scan, 'status');
  if (status !== 'success') journal.problem('not-looked', `scan.status is ${quoted(status)}, not success`);
  if (
    journal
      .objects(at(scan, 'messages'), 'scan.messages')
      .some(each => ['error', 'fatal'].includes(textAt(each, 'level')))
  )
    journal.problem('not-looked', 'scan.messages report an error');
}

const kinds: Readonly<Record<string, FindingKind>> = {
  container_scanning: 'vulnerability',
  cluster_image_scanning: 'vulnerability',
  dependency_scanning: 'vulnerability',
  secret_detection: 'secret',
  sast: 'lint',
  dast: 'misconfiguration',
  api_fuzzing: 'misconfiguration',
  coverage_fuzzing: 'lint',
};

function kindOf(type: string, journal: Journal): FindingKind {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind === undefined) journal.warn(`scan.type is a word that is not known: ${quoted(type)}`);
  return kind ?? 'lint';
}

function toFinding(item: Fields, journal: Journal, kind: FindingKind): RawFinding {
  const identifiers = journal
    .objects(item['identifiers'], 'identifiers')
    .map(each => textAt(each, 'value') || textAt(each, 'name'));
  const [rule = '', ...aliases] = identifiers.filter(Boolean);
  const location = at(item, 'location');
  const links = journal.objects(item['links'], 'links').map(each => textAt(each, 'url'));
  return {
    kind,
    rule: rule || textAt(item, 'id') || 'unidentified',
    aliases,
    title: textAt(item, 'name') || textAt(item, 'message'),
    rating: journal.rating(textAt(item, 'severity'), textAt(item, 'severity') === '' ? 'none' : 'gitlab'),
    place: {
      path: someText(location, 'file') ?? someText(location, 'path'),
      resource: someText(location, 'kubernetes_resource', 'name') ?? someText(location, 'hostname'),
      package: someText(location, 'dependency', 'package', 'name'),
      line: numberAt(location, 'start_line'),
    },
    mark:
      kind === 'vulnerability' ? undefined : [textAt(location, 'class'), textAt(location, 'method')].join(' ').trim(),
    installed: someText(location, 'dependency', 'version'),
    evidence: kind === 'secret' ? '' : textAt(item, 'solution'),
    refs: links.filter(link => link.startsWith('http')).slice(0, 10),
  };
}
