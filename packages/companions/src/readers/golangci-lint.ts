// SPDX-License-Identifier: Apache-2.0
import type { RawFinding } from '@cinc-scan/core';
import type { Input } from '../input/input.ts';
import type { Journal } from '../journal.ts';
import type { Reader, Wanted } from '../reader.ts';
import type { About } from '../reading.ts';
import { at, type Fields, has, isFields, numberAt, textAt, textsIn } from '../values.ts';

const isOurs = (document: unknown): document is Fields =>
  has(document, 'Issues', 'Report') && isFields(document['Report']);

// What `--output.json.path=stdout` lets follow on the same stream.
const statistics = /^(?:\d+ issues[:.]?|\* \S+: \d+)$/;

// https://golangci-lint.run/usage/configuration/#output-configuration; exit code 1 hides 7 (an error was logged).
export const golangciLint: Reader = {
  tool: 'golangci-lint',
  title: 'golangci-lint',
  framing: 'lines',
  exits: [0, 1],
  fits: ({ documents }: Input) => documents.some(document => isOurs(document)),
  read: ({ frames }, journal, wanted) => {
    const { documents, lines } = frames.kind === 'framed' ? frames : { documents: [], lines: [] };
    const [document, ...others] = documents;
    if (others.length > 0) journal.problem('unreadable', 'it holds several documents');
    if (lines.some(line => !statistics.test(line.trim())))
      journal.problem('unreadable', 'there is other text next to the report');
    else if (lines.length > 0) journal.warn('statistics follow the report: pass --show-stats=false');
    return readReport(document, journal, wanted);
  },
};

function readReport(document: unknown, journal: Journal, { parts }: Wanted): About {
  const report = at(document, 'Report');
  const enabled = journal.needed(at(report, 'Linters'), 'Report.Linters').filter(linter => linter['Enabled'] === true);
  const names = enabled.map(linter => textAt(linter, 'Name')).toSorted();
  if (textAt(report, 'Error') !== '') journal.problem('not-looked', 'golangci-lint reports an error of its own');
  if (names.length === 0) journal.problem('not-looked', 'no linter was enabled');
  for (const name of parts) if (!names.includes(name)) journal.problem('incomplete', `the linter ${name} did not run`);
  for (const warning of journal.objects(at(report, 'Warnings'), 'Report.Warnings'))
    journal.warn(`golangci-lint warns: ${textAt(warning, 'Text').slice(0, 200)}`);
  const issues = journal.objects(at(document, 'Issues'), 'Issues');
  if (issues.some(issue => textAt(issue, 'FromLinter') === 'typecheck'))
    journal.problem('not-looked', 'the code does not compile, so linters did not run');
  journal.findings.push(...issues.map(issue => toFinding(issue, journal)));
  return {
    tool: 'golangci-lint',
    version: undefined,
    target: undefined,
    checkedAt: undefined,
    ruleset: names.join(' '),
  };
}

function toFinding(issue: Fields, journal: Journal): RawFinding {
  const text = textAt(issue, 'Text');
  const code = textsIn(issue['SourceLines']).join('\n').trim();
  const line = numberAt(issue, 'Pos', 'Line') ?? numberAt(issue, 'LineRange', 'From');
  return {
    kind: 'lint',
    rule: textAt(issue, 'FromLinter') || 'unidentified',
    aliases: [],
    title: text,
    rating: ratingOf(textAt(issue, 'Severity'), journal),
    place: { path: textAt(issue, 'Pos', 'Filename'), line },
    mark: JSON.stringify([text, code]),
    evidence: code,
  };
}

// Words that users write into their configuration; without one there is no severity.
function ratingOf(word: string, journal: Journal): RawFinding['rating'] {
  if (word === 'error') return { severity: 'high', raw: word, source: 'golangci-lint' };
  if (word === 'warning') return { severity: 'medium', raw: word, source: 'golangci-lint' };
  return journal.rating(word, 'golangci-lint');
}
