// SPDX-License-Identifier: Apache-2.0
// What other scanners found, as their files say it: whether they looked, and what is in them.
import { createHash } from 'node:crypto';
import { type ConsolidatedSource, consolidate, type GivenFile, parseSources } from '@cinc-scan/companions';
import { ScanError } from '@cinc-scan/core';
import type { RunFindings, SourceFindings } from './run-findings.ts';

interface ResultFile {
  path: string;
  content: string;
  /** What is known of the scanner's run beside its result, as JSON. */
  envelope: string | undefined;
}

export interface GivenResults {
  /** The document of sources: what has to have looked. */
  sources: string;
  files: readonly ResultFile[];
}

export interface ReadResults extends RunFindings {
  /** Digests of what each source was read from: the same again changes nothing. */
  digests: Map<string, string>;
}

/** Throws SOURCES_INVALID; what is wrong with a file is a source that did not look. */
export function findingsOfResults({ sources: text, files }: GivenResults, now: Date): ReadResults {
  const document = parseSources(text, 'sources');
  const run = document.sources.find(source => 'folder' in source);
  if (run !== undefined)
    throw new ScanError('SOURCES_INVALID', `sources: ${run.id} is a run of cinc-scan`, {
      remedy: 'Import runs with POST /api/v1/scans/import.',
    });
  const { sources } = consolidate(document, files.map(toGiven), now);
  const digests = new Map(sources.map(each => [each.source.id, digestOf(each, files)]));
  return { at: now.toISOString(), sources: sources.map(source => toFindings(source, now)), digests };
}

const toGiven = ({ path, content, envelope }: ResultFile): GivenFile => ({
  path,
  read: () => ({ kind: 'bytes', bytes: Buffer.from(content) }),
  envelope,
});

function toFindings(given: ConsolidatedSource, now: Date): SourceFindings {
  const { source, problems, look, findings } = given;
  const { id: name, tool, area, target } = source;
  const at = timeOf(given, now).toISOString();
  return {
    at,
    name,
    tool,
    area,
    target,
    place: null,
    profile: null,
    problem: problems[0]?.text ?? null,
    look,
    findings,
  };
}

/** Of the files that a source was read from, with what is demanded of them. */
function digestOf({ source, files: read, look }: ConsolidatedSource, files: readonly ResultFile[]): string {
  const own = files.filter(({ path }) => read.some(each => each.path === path));
  const hash = createHash('sha256').update(JSON.stringify([source, look.scope, look.ruleset]));
  for (const { path, content, envelope } of own) hash.update(JSON.stringify([path, content, envelope ?? null]));
  return hash.digest('hex');
}

/** When it looked, where its files say it, and that is not later than now; that it did not is known now. */
function timeOf({ look, files }: ConsolidatedSource, now: Date): Date {
  if (look.kind === 'not-looked') return now;
  const told = files.flatMap(({ checkedAt }) => checkedAt ?? []);
  const last = Math.max(...told.map(each => Date.parse(each)).filter(each => !Number.isNaN(each)));
  return Number.isFinite(last) && last < now.getTime() ? new Date(last) : now;
}
