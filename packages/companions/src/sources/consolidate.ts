// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  type Finding,
  type Look,
  makeRedactor,
  mergeFindings,
  type Passed,
  shortLine,
  stableTarget,
  toFinding,
} from '@cinc-scan/core';
import { exitsOf, readAs } from '../read.ts';
import type { Problem, Reading } from '../reading.ts';
import { ageProblems, subjectProblems } from './checks.ts';
import { cleanFinding, cleanRule, cleanText, type Redact } from './clean.ts';
import type { ConsolidatedSource, Consolidation, FileFacts, Given, GivenFile, SourceProblem } from './consolidated.ts';
import { envelopeProblems, parseEnvelope } from './envelope.ts';
import { assignFiles } from './match.ts';
import { consolidateRun } from './own-run.ts';
import type { FileSource, Sources } from './schema.ts';

export type {
  ConsolidatedSource,
  Consolidation,
  FileFacts,
  Given,
  GivenFile,
  SourceProblem,
} from './consolidated.ts';

/** All sources and what was given for them. A source whose result is missing is one that did not look. */
export function consolidate(document: Sources, given: readonly Given[], now: Date): Consolidation {
  const runs = new Map(given.flatMap(each => ('folder' in each ? [[each.folder, each] as const] : [])));
  const byPath = new Map(given.flatMap(each => ('folder' in each ? [] : [[each.path, each] as const])));
  const assigned = assignFiles(document.sources, [...byPath.keys()]);
  const sources = document.sources.flatMap(source => {
    if ('folder' in source) return consolidateRun(source, runs.get(source.folder), now);
    const own = (assigned.get(source.id) ?? []).flatMap(path => byPath.get(path) ?? []);
    return [consolidateSource(source, own, now)];
  });
  return {
    scope: document.scope,
    sources,
    findings: mergeFindings(sources.flatMap(({ findings }) => findings)),
    looks: sources.map(({ look }) => look),
    statements: sources.flatMap(({ statements }) => statements),
  };
}

// Nothing of this run is secret here; what looks like a secret in a result is.
const redact: Redact = makeRedactor([]).all;

interface ReadFile {
  facts: FileFacts;
  reading: Reading | undefined;
  problems: SourceProblem[];
}

function consolidateSource(source: FileSource, files: readonly GivenFile[], now: Date): ConsolidatedSource {
  const read = files.map(file => readFile(source, file, now));
  const problems = [...countProblems(source, files.length), ...read.flatMap(each => each.problems)];
  const readings = read.flatMap(({ reading }) => reading ?? []);
  const kind = problems.length === 0 ? 'looked' : 'not-looked';
  return {
    source,
    kind,
    problems,
    warnings: [...new Set(readings.flatMap(({ warnings }) => warnings))].map(text => cleanText(text, redact)),
    files: read.map(({ facts }) => facts),
    look: lookOf(source, kind, readings),
    findings: findingsOf(source, readings).map(finding => cleanFinding(finding, redact)),
    passes: readings.flatMap(({ passes }) => passes.map(passed => cleanPassed(passed))),
    // A document that could not be read in whole excuses nothing.
    statements: kind === 'looked' ? readings.flatMap(({ statements }) => statements) : [],
  };
}

const cleanPassed = ({ rule, title, place }: Passed): Passed => ({
  rule: cleanRule(rule, redact),
  title: cleanText(title, redact),
  place: cleanText(place, redact),
});

function countProblems({ file, count = 1 }: FileSource, given: number): SourceProblem[] {
  if (given >= count) return [];
  const text = given === 0 ? 'there is no such file' : `there are ${given} such files, and ${count} are declared`;
  return [{ reason: 'missing', text, file }];
}

function findingsOf({ id: source, target, area }: FileSource, readings: readonly Reading[]): Finding[] {
  const all = readings.flatMap(({ about: { tool }, findings }) =>
    findings.map(raw => toFinding(raw, { source, tool, target: stableTarget(target), area })),
  );
  return mergeFindings(all);
}

function lookOf({ id, target, parts }: FileSource, kind: Look['kind'], readings: readonly Reading[]): Look {
  return {
    source: id,
    kind,
    target: stableTarget(target),
    scope: parts.toSorted().join(' '),
    ruleset: shortLine([...new Set(readings.map(({ about }) => about.ruleset))].toSorted().join(', '), 5000),
    unchecked: [...new Set(readings.flatMap(({ unchecked }) => unchecked))].map(rule => cleanRule(rule, redact)),
  };
}

function readFile(source: FileSource, file: GivenFile, now: Date): ReadFile {
  const given = file.read();
  const facts = { path: file.path, checkedAt: undefined, tool: source.tool, version: undefined, database: undefined };
  if (given.kind === 'unreadable') {
    const problem: SourceProblem = { reason: 'unreadable', text: given.problem, file: file.path };
    return { facts: { ...facts, sha256: undefined, bytes: 0 }, reading: undefined, problems: [problem] };
  }
  const sha256 = createHash('sha256').update(given.bytes).digest('hex');
  const reading = readAs(source.tool, given.bytes, { parts: source.parts, ratings: source.ratings, now });
  const run = runOf(source, file, sha256);
  const checkedAt = reading.about.checkedAt ?? run.finished;
  const problems = [
    ...standing([...run.problems, ...problemsOf(reading)], source, run.isWhole),
    ...(reading.about.tool === '' ? [] : subjectProblems(source, reading.about)),
    ...ageProblems(source['max-age'], { checkedAt, started: run.started }, now),
  ];
  return {
    facts: {
      path: file.path,
      sha256,
      bytes: given.bytes.length,
      checkedAt,
      tool: cleanText(reading.about.tool, redact),
      version: versionText(reading.about.version ?? run.toolVersion),
      database: versionText(reading.about.database ?? run.databaseVersion),
    },
    reading,
    problems: problems.map(problem => ({ ...problem, text: cleanText(problem.text, redact), file: file.path })),
  };
}

const versionText = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : shortLine(redact(text), 100);

const problemsOf = (reading: Reading): readonly Problem[] => (reading.kind === 'looked' ? [] : reading.problems);

/** The problems that nobody vouches for. */
function standing(problems: readonly Problem[], { accept }: FileSource, isWhole: boolean): Problem[] {
  return problems.filter(
    ({ doubt }) => doubt === undefined || !(accept.includes(doubt) || (doubt === 'end' && isWhole)),
  );
}

interface Run {
  problems: Problem[];
  started: string | undefined;
  finished: string | undefined;
  toolVersion: string | undefined;
  databaseVersion: string | undefined;
  /** The digest that was taken when the scanner ended is that of the file. */
  isWhole: boolean;
}

function runOf({ tool }: FileSource, { envelope: text }: GivenFile, sha256: string): Run {
  const nothing = {
    started: undefined,
    finished: undefined,
    toolVersion: undefined,
    databaseVersion: undefined,
    isWhole: false,
  };
  if (text === undefined) return { ...nothing, problems: [] };
  const parsed = parseEnvelope(text);
  if (parsed.kind === 'refused') return { ...nothing, problems: [{ reason: 'unreadable', text: parsed.problem }] };
  const { envelope } = parsed;
  const { started, finished, toolVersion, databaseVersion } = envelope;
  const problems = envelopeProblems(envelope, { tool, exits: exitsOf(tool), sha256 });
  return { problems, started, finished, toolVersion, databaseVersion, isWhole: envelope.sha256 === sha256 };
}
