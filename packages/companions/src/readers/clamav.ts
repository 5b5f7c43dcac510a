// SPDX-License-Identifier: Apache-2.0
import type { FindingSeverity, RawFinding } from '@cinc-scan/core';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import type { About } from '../reading.ts';

const header = '----------- SCAN SUMMARY -----------';
const found = /^(.+): (\S+) FOUND$/;
const harmless = /: (?:OK|Empty file|Symbolic link|Excluded|Not supported file type)$/;

// https://docs.clamav.net/manual/Usage/Scanning.html; exit code 1 is for a hit and hides errors.
export const clamav: Reader = {
  tool: 'clamav',
  title: 'ClamAV',
  framing: 'text',
  exits: [0, 1],
  fits: ({ text }) => text.includes(header) || found.test(text.split('\n', 1)[0] ?? ''),
  read: ({ text }, journal) => {
    const lines = text.split(/\r?\n/);
    const begin = lines.indexOf(header);
    if (begin === -1) journal.problem('unreadable', 'it has no summary: it was cut off, or --no-summary was given');
    // A file's name may hold line breaks, and so a summary of its own.
    if (begin !== lines.lastIndexOf(header)) journal.problem('unreadable', 'it has two summaries');
    const infected = readLines(begin === -1 ? lines : lines.slice(0, begin), journal);
    return readSummary(begin === -1 ? [] : lines.slice(begin + 1), journal, infected);
  },
};

interface Hits {
  files: number;
  lines: number;
}

function readLines(lines: readonly string[], journal: Journal): Hits {
  const files = new Set<string>();
  let hits = 0;
  for (const line of lines.filter(each => each.trim() !== '')) {
    const [, path, signature] = found.exec(line) ?? [];
    if (path !== undefined && signature !== undefined) {
      hits++;
      files.add(path);
      readHit(path, signature, journal);
    } else if (line.startsWith('LibClamAV Warning:')) journal.warn('ClamAV warns on standard error');
    else if (!harmless.test(line)) journal.problem('not-looked', `ClamAV could not look at everything: ${why(line)}`);
  }
  return { files: files.size, lines: hits };
}

/** With `--alert-exceeds-max` a file that ClamAV did not look at, or not to its end, is reported like a hit. */
function readHit(path: string, signature: string, journal: Journal): void {
  const limit = /^Heuristics\.Limits\.Exceeded\.(\w{1,40})/.exec(signature)?.[1];
  if (limit === undefined) journal.findings.push(toFinding(path, signature));
  else journal.problem('not-looked', `ClamAV could not look at everything: a file is beyond its limit ${limit}`);
}

/** By the end of a line, since its begin is the name of a file. */
function why(line: string): string {
  const known = ['Access denied', "Can't open directory.", "Can't open file or directory", 'ERROR'];
  return (
    known.find(each => line.endsWith(each)) ??
    (line.startsWith('LibClamAV Error') ? 'an error of the library' : 'a line that is not known')
  );
}

function severityOf(signature: string): FindingSeverity {
  if (signature.startsWith('PUA.')) return 'low';
  return signature.startsWith('Heuristics.') ? 'medium' : 'high';
}

const toFinding = (path: string, signature: string): RawFinding => ({
  kind: 'malware',
  rule: signature,
  aliases: [],
  title: signature,
  rating: { severity: severityOf(signature), raw: 'FOUND', source: 'signature' },
  place: { path },
});

function readSummary(lines: readonly string[], journal: Journal, hits: Hits): About {
  const facts = new Map(lines.flatMap(line => pairOf(line)));
  const numberOf = (name: string) => (facts.has(name) ? Number(facts.get(name)) : undefined);
  const engine = facts.get('Engine version');
  const viruses = numberOf('Known viruses');
  const infected = numberOf('Infected files');
  if (infected === undefined) journal.problem('unreadable', 'the summary does not count infected files');
  // clamdscan may count hits; clamscan counts files.
  else if (infected !== hits.files && (engine !== undefined || infected !== hits.lines))
    journal.problem('contradiction', `the summary counts ${infected} infected files, and ${hits.files} are listed`);
  if ((numberOf('Total errors') ?? 0) !== 0) journal.problem('not-looked', 'ClamAV counts errors');
  checkEffort(journal, { engine, viruses, files: numberOf('Scanned files') });
  if (!/^\d{4}(?::\d{2}){2} \d{2}(?::\d{2}){2}$/.test(facts.get('End Date') ?? ''))
    journal.problem('unreadable', 'the summary has no End Date: it was cut off, or ClamAV is older than 0.104');
  // Its dates are by the clock of the machine and without a zone, so they do not tell when that was.
  const database = viruses === undefined ? undefined : `${viruses} signatures`;
  return { tool: 'clamav', version: engine, database, target: undefined, checkedAt: undefined, ruleset: 'clamav' };
}

interface Effort {
  engine: string | undefined;
  viruses: number | undefined;
  files: number | undefined;
}

function checkEffort(journal: Journal, { engine, viruses, files }: Effort): void {
  if (engine === undefined) {
    if (journal.findings.length === 0)
      journal.problem('unproven', 'no hit: clamdscan does not tell how many files it looked at', 'empty');
    return;
  }
  if (viruses === undefined || !(viruses > 0)) journal.problem('not-looked', 'ClamAV had no signatures');
  if (files === undefined || !(files > 0)) journal.problem('not-looked', 'ClamAV scanned no file');
}

function pairOf(line: string): [string, string][] {
  const at = line.indexOf(':');
  return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()]];
}
