// SPDX-License-Identifier: Apache-2.0
import {
  type Area,
  areas,
  type ComparedFinding,
  findingSeverities,
  isNew,
  severityCounts,
} from '../../../findings/index.ts';
import type { Budget } from '../../html/budget.ts';
import { type Html, html, nothing, reference } from '../../html/markup.ts';
import { columnHeads, count, facts, grouped, numberHeads, section, table } from '../../html/parts.ts';
import { byText, plural } from '../../words.ts';
import type { FindingsModel, ShownSource } from '../model.ts';
import { areaNames, severityName, statusNames } from '../names.ts';
import { ageText, checkedAt, placeText, reportersText, versionText, worstFirst } from '../tally.ts';

/** The six areas as rows: who looked, how long ago, what is open, what is new. */
export function areaTable(model: FindingsModel): Html {
  const byArea = Map.groupBy(model.rows, ({ finding }) => finding.area);
  const rows = areas.map(area => {
    const of = byArea.get(area) ?? [];
    const counts = severityCounts(of);
    const name = of.length === 0 ? areaNames[area] : html`<a href="#area-${area}">${areaNames[area]}</a>`;
    const own = model.sources.filter(source => source.area === area);
    return html`<tr><th scope="row">${name}</th><td>${lookedText(own)}</td><td>${oldestText(own, model.run.at)}</td>${findingSeverities.map(severity => count(counts[severity]))}${count(of.filter(isNew).length)}</tr>
`;
  });
  const severities = findingSeverities.map(severityName);
  const head = html`${columnHeads('Area', 'Sources', 'Oldest look')}${numberHeads(...severities, 'New')}`;
  const body = table({ caption: 'What is open in each area, by severity', head, rows });
  return section({ id: 'areas', title: 'By area', body });
}

function lookedText(own: readonly ShownSource[]): Html {
  if (own.length === 0) return html`<span class="st a">no source</span>`;
  const looked = own.filter(({ kind }) => kind === 'looked').length;
  return looked === own.length
    ? html`<span class="st p">${looked} looked</span>`
    : html`<span class="st e">${looked} of ${own.length} looked</span>`;
}

function oldestText(own: readonly ShownSource[], at: string): string {
  if (own.length === 0) return '–';
  const oldest = own.toSorted((a, b) => byText(checkedAt(a) ?? '', checkedAt(b) ?? ''))[0];
  return (oldest === undefined ? undefined : ageText(oldest, at)) ?? 'unknown';
}

/** Area, then target, then rule, then place: each opens the next. */
export function areaDetails({ rows }: FindingsModel, budget: Budget): Html {
  if (rows.length === 0) return nothing;
  const byArea = Map.groupBy(worstFirst(rows), ({ finding }) => finding.area);
  const parts = areas.flatMap(area => {
    const of = byArea.get(area);
    return of === undefined ? [] : [areaPart(area, of, budget)];
  });
  return section({ id: 'findings', title: 'Findings', body: html`${parts}` });
}

function areaPart(area: Area, rows: readonly ComparedFinding[], budget: Budget): Html {
  const targets = [...Map.groupBy(rows, ({ finding }) => finding.target)];
  return html`<h3 id="area-${area}">${areaNames[area]}</h3>
<ul class="controls">${targets.map(([target, of]) => targetItem(target, of, budget))}</ul>
`;
}

function targetItem(target: string, rows: readonly ComparedFinding[], budget: Budget): Html {
  const rules = [...Map.groupBy(rows, ({ finding }) => finding.rule)];
  const items = rules.map(([rule, of]) => budget.take(() => ruleItem(rule, of)));
  // Of what found no room one note is enough.
  const shown = items.filter((item, index) => item !== items[index - 1]);
  return html`<li><details class="control target"><summary>${severityTag(rows)}<span class="id">${target}</span><span class="title">${openText(rows)}</span></summary>
<div class="body"><ul class="controls">${shown.map(item => html`<li>${item}</li>`)}</ul></div></details></li>
`;
}

const severityTag = (rows: readonly ComparedFinding[]): Html => {
  const severity = rows[0]?.finding.severity ?? 'unknown';
  return html`<span class="v ${severity}">${severityName(severity)}</span>`;
};

function openText(rows: readonly ComparedFinding[]): string {
  const counts = severityCounts(rows);
  const told = findingSeverities.filter(severity => counts[severity] > 0);
  if (told.length === 0) return 'nothing is open';
  return told.map(severity => `${grouped(counts[severity])} ${severity}`).join(', ');
}

const mostPlaces = 200;

function ruleItem(rule: string, rows: readonly ComparedFinding[]): Html {
  const [first] = rows;
  const rest = rows.length - mostPlaces;
  const more = rest > 0 ? html`<p class="note">${grouped(rest)} more places stand in findings.json.</p>` : nothing;
  return html`<details class="control"><summary>${severityTag(rows)}<span class="id">${rule}</span><span class="title">${first?.finding.title}</span><span class="where">${plural(rows.length, 'place')}</span></summary>
<div class="body">${about(first)}${places(rule, rows.slice(0, mostPlaces))}${more}</div></details>
`;
}

function about(row: ComparedFinding | undefined): Html {
  if (row === undefined) return nothing;
  const { kind, aliases, nist, refs } = row.finding;
  return facts([
    ['Kind', kind],
    ['Also called', aliases.join(', ')],
    ['NIST SP 800-53', nist.join(', ')],
    ['More', refs.length === 0 ? undefined : html`${refs.map(ref => html`${reference(ref)}<br>`)}`],
  ]);
}

const statusLetters = { new: 'f', returned: 'f', unsure: 's', known: 'e', waived: 'w', fixed: 'p' } as const;

function places(rule: string, rows: readonly ComparedFinding[]): Html {
  const lines = rows.map(
    ({
      finding,
      status,
      because,
      firstSeen,
    }) => html`<tr><td><code>${placeText(finding) || finding.target}</code>${finding.evidence === '' ? nothing : html`<small>${finding.evidence}</small>`}</td><td><span class="st ${statusLetters[status]}">${statusNames[status]}</span>${because === '' ? nothing : html`<small>${because}</small>`}</td><td>${versionText(finding)}</td><td>${firstSeen.slice(0, 10)}</td><td>${reportersText(finding)}</td></tr>
`,
  );
  const head = columnHeads('Place', 'Status', 'Versions', 'First seen', 'Reported by');
  return table({ caption: `Where ${rule} was found`, head, rows: lines });
}
