// SPDX-License-Identifier: Apache-2.0
import { areas, type ComparedFinding, findingSeverities, isNew, isOpen, severityCounts } from '../../findings/index.ts';
import { code, details, table } from '../markdown-text.ts';
import { byText, plural, verdictWords } from '../words.ts';
import type { FindingsModel, ShownSource } from './model.ts';
import { areaNames } from './names.ts';
import { ageText, placeText, statusCounts, toolText, verdictOf, versionText, worstFirst } from './tally.ts';

/** The summary of a job: verdict, what was not looked at, the six areas, what is new. */
export const renderFindingsMarkdown = (model: FindingsModel): string => fitFindingsMarkdown(model);

// GitHub drops a step summary of more than 1,024 KiB as a whole.
const mostBytes = 900 * 1024;

/** With as many rows in its tables as fit into so many bytes. */
export function fitFindingsMarkdown(model: FindingsModel, limit: number = mostBytes): string {
  const pages = [100, 20, 3].map(rows => () => renderPage(model, rows));
  for (const page of pages) {
    const text = page();
    if (Buffer.byteLength(text) <= limit) return text;
  }
  return `${headline(model)}\n\nThe rest is in \`findings.json\`.\n`;
}

const headline = (model: FindingsModel): string =>
  `## cinc-scan: ${verdictWords[verdictOf(model)]} (exit ${model.exitCode})`;

function renderPage(model: FindingsModel, mostRows: number): string {
  const some = someOf(mostRows);
  const parts = [
    headline(model),
    model.reasons.map(reason => `- ${code(reason)}`).join('\n'),
    lost(model, some),
    areaTable(model),
    changes(model, some),
    sources(model, some),
    waivers(model, some),
    `Scope ${code(model.scope)}, run ${code(model.run.id)}, ${code(model.run.at)}.`,
  ];
  return `${parts.filter(part => part !== '').join('\n\n')}\n`;
}

type Some = (head: string[], rows: string[][]) => string;

/** The first rows, and how many more there are. */
const someOf =
  (mostRows: number): Some =>
  (head, rows) => {
    const rest = rows.length - mostRows;
    const grid = table(head, rows.slice(0, mostRows));
    return rest > 0 ? `${grid}\n\nand ${rest} more in \`findings.json\`` : grid;
  };

function lost({ sources: all }: FindingsModel, some: Some): string {
  const rows = all.flatMap(({ id, problems }) =>
    problems.map(({ code: name, file, text }) => [code(id), code(name), code(file), code(text)]),
  );
  if (rows.length === 0) return '';
  return `### Not looked at\n\nNothing that is missing here is fixed.\n\n${some(['Source', 'Error', 'File', 'Why'], rows)}`;
}

function areaTable({ sources: all, rows }: FindingsModel): string {
  const byArea = Map.groupBy(rows, ({ finding }) => finding.area);
  const lines = areas.map(area => {
    const own = all.filter(source => source.area === area);
    const of = byArea.get(area) ?? [];
    const counts = severityCounts(of);
    const looked = own.filter(({ kind }) => kind === 'looked').length;
    return [
      areaNames[area],
      own.length === 0 ? 'no source' : `${looked} of ${own.length} looked`,
      ...findingSeverities.map(severity => `${counts[severity]}`),
      `${of.filter(isNew).length}`,
    ];
  });
  return table(['Area', 'Sources', 'Critical', 'High', 'Medium', 'Low', 'None', 'Unknown', 'New'], lines);
}

function changes({ rows, isCompared }: FindingsModel, some: Some): string {
  const open = worstFirst(rows.filter(row => (isCompared ? isNew(row) : isOpen(row))));
  const counts = statusCounts(rows);
  const told = isCompared
    ? `Since the run before: ${counts.new} new, ${counts.returned} returned, ${counts.fixed} fixed, ${counts.unsure} unsure, ${counts.known} known, ${counts.waived} waived.`
    : `${plural(open.length, 'finding')}, ${counts.waived} waived; there was no earlier run to compare with.`;
  if (open.length === 0) return told;
  const grid = some(
    ['Severity', 'Rule', 'Target', 'Place', 'Versions', 'Title'],
    open.map(row => findingRow(row)),
  );
  return `${told}\n\n${details(isCompared ? 'What is new' : 'What there is', grid)}`;
}

const findingRow = ({ finding }: ComparedFinding): string[] => [
  finding.severity,
  code(finding.rule),
  code(finding.target),
  code(placeText(finding)),
  code(versionText(finding)),
  code(finding.title),
];

function sources({ sources: all, run }: FindingsModel, some: Some): string {
  const rows = all
    .toSorted((a, b) => byText(a.id, b.id))
    .map(source => [
      code(source.id),
      code(toolText(source)),
      code(source.target),
      source.kind === 'looked' ? 'looked' : '**did not look**',
      ageText(source, run.at) ?? 'unknown',
      `${source.findings}`,
      warningText(source),
    ]);
  const head = ['Source', 'Tool', 'Target', 'Looked', 'Age', 'Findings', 'Warnings'];
  return details(plural(all.length, 'source'), some(head, rows));
}

const warningText = ({ warnings }: ShownSource): string =>
  warnings
    .slice(0, 3)
    .map(text => code(text))
    .join(' ');

function waivers({ waivers: all }: FindingsModel, some: Some): string {
  const rows = all
    .filter(({ state }) => state !== 'applied')
    .map(({ key, state, expires, reason, origin }) => [
      code(key),
      state,
      code(expires?.slice(0, 10) ?? '–'),
      code(reason),
      code(origin),
    ]);
  if (rows.length === 0) return '';
  return details(
    `${plural(rows.length, 'waiver')} without effect`,
    some(['Waiver', 'State', 'Ends', 'Reason', 'From'], rows),
  );
}
