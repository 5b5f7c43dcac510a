// SPDX-License-Identifier: Apache-2.0
import type { Comparison, FilesVerdict, GatedFile, Judgement, Problem, Reason, Refused } from '../gate/index.ts';
import { toJson } from './json.ts';
import { percentText } from './tally.ts';
import { oneLine, shortLine } from './text.ts';
import { plural } from './words.ts';

/** The answer of `cinc-scan gate` for people. `explained` has a line for each control of a file that was judged. */
export function renderGate(verdict: FilesVerdict, explained: ReadonlyMap<string, string[]> = new Map()): string {
  const { exit, exitCode, reason, gate, files, unused } = verdict;
  const unmet = files.filter(({ ruling }) => ruling.exit !== 0).length;
  const softened = exit === exitCode ? '' : ` (report-only: exit ${exitCode})`;
  const first = `${words[exit]}: ${reason}, ${unmet} of ${plural(files.length, 'file')}${softened}; exit ${exit}`;
  const bounds = `gate: ${oneLine(gate.source)}${gate.strict ? ', strict' : ''}`;
  const notes = unused.map(name => `! ${oneLine(name)} of the threshold matches none of the files`);
  return `${[first, bounds, ...notes, ...files.flatMap(file => ['', ...fileLines(file, explained.get(file.file))])].join('\n')}\n`;
}

const words: Record<FilesVerdict['exit'], string> = {
  0: 'PASS',
  2: 'ERROR',
  3: 'FAIL',
  4: 'ERROR',
  5: 'ERROR',
  129: 'CANCELLED',
  130: 'CANCELLED',
  143: 'CANCELLED',
};

function fileLines({ file, ruling, judged }: GatedFile, explained: string[] = []): string[] {
  const name = shortLine(file, 500);
  const { judgement, comparison } = judged ?? {};
  if (ruling.exit === 2)
    return [`${name}: ${ruling.reason}`, `  ${shortLine(ruling.problem ?? '', 2000)}`, ...explained.map(indented)];
  return [
    `${name}: ${ruling.reason}${judgement === undefined ? '' : `, compliance ${percentText(judgement.compliance)}`}`,
    ...(judgement === undefined ? [] : judgementLines(judgement)),
    ...(comparison === undefined ? [] : comparisonLines(comparison)),
    ...explained.map(indented),
  ];
}

const indented = (line: string) => `  ${oneLine(line)}`;

function judgementLines({ violations, warnings, counts }: Judgement): string[] {
  const totals = Object.entries(counts).map(([status, row]) => `${status} ${row.total}`);
  const several = new Set(violations.map(({ profile }) => profile)).size > 1;
  return [
    `  ${totals.join(', ')}`,
    ...violations.flatMap(({ key, profile, expected, actual, controls }) => [
      `  ✗ ${key}${several ? ` of ${oneLine(profile)}` : ''}: expected ${oneLine(expected)}, actual ${oneLine(actual)}`,
      ...idLines(controls),
    ]),
    ...warnings.flatMap(warningLines),
  ];
}

function comparisonLines(found: Comparison): string[] {
  const changes = [
    ['new', found.new],
    ['lost', found.lost],
    ['known', found.known],
    ['fixed', found.fixed],
  ] as const;
  return [
    `  against the baseline: ${changes.map(([name, ids]) => `${ids.length} ${name}`).join(', ')}, ${found.unchanged.length} unchanged`,
    ...changes.flatMap(([name, ids]) => (ids.length === 0 ? [] : [`  ${name}:`, ...idLines(ids)])),
    ...found.warnings.flatMap(warningLines),
  ];
}

const warningLines = ({ code, message, controls }: Judgement['warnings'][number]) => [
  `  ! ${code}: ${oneLine(message)}`,
  ...idLines(controls),
];

const idLines = (ids: string[]) => ids.map(id => `      ${shortLine(id, 300)}`);

/** The same for machines. */
export function renderGateJson(verdict: FilesVerdict, explained: ReadonlyMap<string, string[]> = new Map()): string {
  const { exit, exitCode, reason, gate, files, unused } = verdict;
  return toJson({
    verdict: exit === 0 ? 'pass' : exit === 3 ? 'fail' : 'error',
    reason,
    exit,
    exitCode,
    gate,
    problems: [],
    unused,
    files: files.map(file => ({ ...toFile(file), ...explanationOf(explained.get(file.file)) })),
  });
}

const explanationOf = (lines: string[] | undefined) => (lines === undefined ? {} : { explanation: lines });

function toFile({ file, ruling, judged }: GatedFile): Record<string, unknown> {
  const { judgement, comparison } = judged ?? {};
  return {
    file,
    exit: ruling.exit,
    reason: ruling.reason,
    problem: ruling.problem ?? null,
    violations: judgement?.violations ?? [],
    warnings: [judgement, comparison].flatMap(answer => answer?.warnings ?? []),
    counts: judgement?.counts ?? null,
    compliance: judgement?.compliance ?? null,
    baseline: comparison === undefined ? null : toBaseline(comparison),
  };
}

const toBaseline = ({ reason, unchanged, ...changes }: Comparison) => ({
  reason,
  new: changes.new,
  known: changes.known,
  fixed: changes.fixed,
  lost: changes.lost,
  unchanged: unchanged.length,
});

/** Where nothing was judged, for want of a gate that could judge: every problem, and the first reason of them. */
export function renderRefusal({ reason, problems }: Pick<Refused, 'reason' | 'problems'>): string {
  const lines = problems.map(({ reason: own, message }) => `  ${own}: ${shortLine(message, 2000)}`);
  return `${[`ERROR: ${reason}, nothing was judged; exit 2`, ...lines].join('\n')}\n`;
}

export function renderRefusalJson({ reason, problems }: { reason: Reason; problems: Problem[] }): string {
  return toJson({ verdict: 'error', reason, exit: 2, exitCode: 2, gate: null, problems, unused: [], files: [] });
}
