// SPDX-License-Identifier: Apache-2.0
import {
  type ComparedFinding,
  type FindingSeverity,
  findingSeverities,
  isOpen,
  severityCounts,
} from '../../../findings/index.ts';
import { type Html, html, nothing } from '../../html/markup.ts';
import { columnHeads, count, grouped, numberHeads, section, table } from '../../html/parts.ts';
import { byText } from '../../words.ts';
import type { FindingsModel } from '../model.ts';
import { severityName } from '../names.ts';
import { versionText } from '../tally.ts';

const mostSteps = 25;
const counted = ['critical', 'high', 'medium', 'low'] as const satisfies FindingSeverity[];

/** One thing to do, and all that it would mend: one new version often answers for many findings. */
interface Step {
  what: string;
  target: string;
  versions: string;
  open: number;
  counts: ReturnType<typeof severityCounts>;
}

/** What to change first: packages with a fixed version, worst first. */
export function first({ rows }: FindingsModel): Html {
  const steps = toSteps(rows).toSorted(worstStep);
  if (steps.length === 0) return nothing;
  const lines = steps.slice(0, mostSteps).map(
    ({ what, target, versions, open, counts }) =>
      html`<tr><th scope="row">${what}</th><td>${target}</td><td>${versions}</td>${counted.map(severity => count(counts[severity]))}${count(open)}</tr>
`,
  );
  const rest = steps.length - mostSteps;
  const more =
    rest > 0
      ? html`<p class="note">${grouped(rest)} more packages have a fixed version, too: findings.json has them all.</p>`
      : nothing;
  const head = html`${columnHeads('Package', 'Target', 'Versions')}${numberHeads(...counted.map(severityName), 'Findings')}`;
  const caption = 'Packages of which a fixed version is known, and what is open because of them';
  return section({
    id: 'first',
    title: 'What to update first',
    body: html`${table({ caption, head, rows: lines })}${more}`,
  });
}

function toSteps(rows: readonly ComparedFinding[]): Step[] {
  const fixable = rows.filter(row => isOpen(row) && row.finding.place.package !== undefined && hasFix(row));
  const groups = Map.groupBy(fixable, ({ finding }) =>
    JSON.stringify([finding.target, finding.place.package, finding.installed]),
  );
  return [...groups.values()].flatMap(of => {
    const [row] = of;
    return row === undefined ? [] : [toStep(row, of)];
  });
}

const hasFix = ({ finding: { fixed } }: ComparedFinding): boolean => fixed !== undefined && fixed !== '';

/** Of several fixed versions none is called the highest: how versions are ordered differs from one system to the next. */
function toStep({ finding }: ComparedFinding, rows: ComparedFinding[]): Step {
  const fixed = [...new Set(rows.map(({ finding: { fixed: each = '' } }) => each))].toSorted(byText);
  const shown = fixed.length > 3 ? `${fixed.slice(0, 3).join(', ')} and ${fixed.length - 3} more` : fixed.join(', ');
  return {
    what: finding.place.package ?? '',
    target: finding.target,
    versions: versionText({ ...finding, fixed: shown }),
    open: rows.length,
    counts: severityCounts(rows),
  };
}

function worstStep(one: Step, other: Step): number {
  for (const severity of findingSeverities) {
    const difference = other.counts[severity] - one.counts[severity];
    if (difference !== 0) return difference;
  }
  return byText(one.what, other.what) || byText(one.target, other.target);
}
