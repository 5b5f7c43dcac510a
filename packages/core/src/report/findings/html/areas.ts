// SPDX-License-Identifier: Apache-2.0
import {
  type Area,
  areas,
  type ComparedFinding,
  findingSeverities,
  isNew,
  isOpen,
  severityCounts,
} from '../../../findings/index.ts';
import type { Budget } from '../../html/budget.ts';
import { type Html, html, nothing, reference } from '../../html/markup.ts';
import { columnHeads, count, facts, grouped, numberHeads, section, table } from '../../html/parts.ts';
import { byText, plural } from '../../words.ts';
import type { FindingsModel, ShownSource } from '../model.ts';
import { areaNames, severityName, statusNames } from '../names.ts';
import { checkedAt, placeText, reportersText, versionText, worstFirst } from '../tally.ts';
import { ageTag } from './age.ts';

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

function oldestText(own: readonly ShownSource[], at: string): Html {
  const oldest = own.toSorted((a, b) => byText(checkedAt(a) ?? '', checkedAt(b) ?? ''))[0];
  return oldest === undefined ? html`–` : ageTag(oldest, at);
}

/** Area, then target, then rule, then place: each opens the next. Each area and target gets its share of the page. */
export function areaDetails({ rows, sources }: FindingsModel, budget: Budget): Html {
  if (rows.length === 0) return nothing;
  const byArea = Map.groupBy(worstFirst(rows), ({ finding }) => finding.area);
  const found = areas.filter(area => byArea.has(area));
  const parts = found.map((area, index) => {
    const own = sources.filter(source => source.area === area);
    return budget.share(found.length - index, part => areaPart({ area, rows: byArea.get(area) ?? [], own }, part));
  });
  return section({ id: 'findings', title: 'Findings', body: html`${parts}` });
}

interface AreaRows {
  area: Area;
  rows: readonly ComparedFinding[];
  own: readonly ShownSource[];
}

const mostTargets = 300;

function areaPart({ area, rows, own }: AreaRows, budget: Budget): Html {
  const targets = [...Map.groupBy(rows, ({ finding }) => finding.target)];
  const shown = targets.slice(0, mostTargets);
  const items = shown.map(([target, of], index) =>
    budget.share(shown.length - index, part => targetItem(target, of, part)),
  );
  const rest = targets.slice(mostTargets).map(([, of]) => of);
  return html`<h3 id="area-${area}">${areaNames[area]} <span class="looked">${lookedText(own)}</span></h3>
<ul class="controls tree">${items}</ul>${cutNote(rest, 'target')}
`;
}

function targetItem(target: string, rows: readonly ComparedFinding[], budget: Budget): Html {
  const rules = [...Map.groupBy(openFirst(rows), ({ finding }) => finding.rule)];
  const items = rules.flatMap(([rule, of]) => budget.fit(() => html`<li>${ruleItem(rule, of)}</li>`) ?? []);
  const rest = rules.slice(items.length).map(([, of]) => of);
  return html`<li><details class="control target"><summary>${severityTag(rows)}<span class="id">${target}</span><span class="title">${openText(rows)}</span></summary>
<div class="body"><ul class="controls">${items}</ul>${cutNote(rest, 'rule')}</div></details></li>
`;
}

/** What was left out, the least bad, and where it stands. */
function cutNote(groups: readonly (readonly ComparedFinding[])[], what: string): Html {
  if (groups.length === 0) return nothing;
  const findings = groups.reduce((sum, { length }) => sum + length, 0);
  const rest = `${grouped(groups.length)} more ${groups.length === 1 ? what : `${what}s`}`;
  return html`<p class="note">${rest} with ${grouped(findings)} ${findings === 1 ? 'finding' : 'findings'} left out to keep this page small: findings.json has them all.</p>`;
}

const openFirst = (rows: readonly ComparedFinding[]): ComparedFinding[] => {
  const [open, rest] = [rows.filter(isOpen), rows.filter(row => !isOpen(row))];
  return [...open, ...rest];
};

/** The worst that is open; of what is gone or excused, how bad it was. */
const severityTag = (rows: readonly ComparedFinding[]): Html => {
  const severity = (rows.find(isOpen) ?? rows[0])?.finding.severity ?? 'unknown';
  return html`<span class="v ${severity}">${severityName(severity)}</span>`;
};

function whereText(rows: readonly ComparedFinding[]): string {
  const fresh = rows.filter(isNew).length;
  const open = rows.filter(isOpen).length;
  const parts = [plural(rows.length, 'place'), fresh > 0 ? `${grouped(fresh)} new` : '', open === 0 ? 'not open' : ''];
  return parts.filter(Boolean).join(', ');
}

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
  return html`<details class="control"><summary>${severityTag(rows)}<span class="id">${rule}</span><span class="title">${first?.finding.title}</span><span class="where">${whereText(rows)}</span></summary>
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

const statusLetters = { new: 'f', returned: 'f', unsure: 's', known: 'n', waived: 'w', fixed: 'p' } as const;

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
