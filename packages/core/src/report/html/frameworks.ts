// SPDX-License-Identifier: Apache-2.0
import { toCompliance } from '../../gate/count.ts';
import { tagWords } from '../rows.ts';
import { percentText, statusOrder } from '../tally.ts';
import { byText, statusWords } from '../words.ts';
import { bar, noShares, type Shares } from './bars.ts';
import { type Html, html, nothing } from './markup.ts';
import type { ControlView, Page } from './page.ts';
import { columnHeads, controlLinks, count, numberHeads, section, table } from './parts.ts';

// https://doi.org/10.6028/NIST.SP.800-53r5, chapter 3
const families = new Map([
  ['AC', 'Access Control'],
  ['AT', 'Awareness and Training'],
  ['AU', 'Audit and Accountability'],
  ['CA', 'Assessment, Authorization and Monitoring'],
  ['CM', 'Configuration Management'],
  ['CP', 'Contingency Planning'],
  ['IA', 'Identification and Authentication'],
  ['IR', 'Incident Response'],
  ['MA', 'Maintenance'],
  ['MP', 'Media Protection'],
  ['PE', 'Physical and Environmental Protection'],
  ['PL', 'Planning'],
  ['PM', 'Program Management'],
  ['PS', 'Personnel Security'],
  ['PT', 'PII Processing and Transparency'],
  ['RA', 'Risk Assessment'],
  ['SA', 'System and Services Acquisition'],
  ['SC', 'System and Communications Protection'],
  ['SI', 'System and Information Integrity'],
  ['SR', 'Supply Chain Risk Management'],
]);

// https://doi.org/10.6028/NIST.SP.800-190, chapters 3 and 4, which number risks and their countermeasures alike
const subjects = new Map([
  ['1', 'Images'],
  ['1.1', 'Image vulnerabilities'],
  ['1.2', 'Image configuration defects'],
  ['1.3', 'Embedded malware'],
  ['1.4', 'Embedded clear text secrets'],
  ['1.5', 'Use of untrusted images'],
  ['2', 'Registries'],
  ['2.1', 'Insecure connections to registries'],
  ['2.2', 'Stale images in registries'],
  ['2.3', 'Insufficient authentication and authorization restrictions'],
  ['3', 'Orchestrators'],
  ['3.1', 'Unbounded administrative access'],
  ['3.2', 'Unauthorized access'],
  ['3.3', 'Poorly separated inter-container network traffic'],
  ['3.4', 'Mixing of workload sensitivity levels'],
  ['3.5', 'Orchestrator node trust'],
  ['4', 'Containers'],
  ['4.1', 'Vulnerabilities within the runtime software'],
  ['4.2', 'Unbounded network access from containers'],
  ['4.3', 'Insecure container runtime configurations'],
  ['4.4', 'App vulnerabilities'],
  ['4.5', 'Rogue containers'],
  ['5', 'Host OS'],
  ['5.1', 'Large attack surface'],
  ['5.2', 'Shared kernel'],
  ['5.3', 'Host OS component vulnerabilities'],
  ['5.4', 'Improper user access rights'],
  ['5.5', 'Host OS file system tampering'],
]);

/** Compliance by family of NIST SP 800-53, from tags such as `AC-6 (10)`. */
export function nistFamilies(page: Page): Html {
  const familyOf = (tag: string) => /^\s*([A-Z]{2})-\d/.exec(tag)?.[1];
  const lines = collect(page, ({ row }) => row.nist.flatMap(tag => familyOf(tag) ?? []));
  const name = (family: string) => families.get(family) ?? 'unknown family';
  return framework({ id: 'nist-800-53', title: 'NIST SP 800-53 families', column: 'Family', lines, name });
}

/** Compliance by section of NIST SP 800-190, the guide to container security. */
export function containerGuide(page: Page): Html {
  const lines = collect(page, ({ row }) => tagWords(row.control, 'nist-800-190').flatMap(tag => sectionOf(tag) ?? []));
  const name = (part: string) => subjects.get(part.slice(2)) ?? 'other';
  return framework({ id: 'nist-800-190', title: 'NIST SP 800-190 sections', column: 'Section', lines, name });
}

const sectionOf = (tag: string) => /(?:^|\s)([34](?:\.\d){1,2})$/.exec(tag)?.[1];

interface Line {
  part: string;
  shares: Shares;
  bad: ControlView[];
}

/** A control counts once for every part it is tagged with, in every target. */
function collect({ controls }: Page, partsOf: (control: ControlView) => string[]): Line[] {
  const found = new Map<string, Line>();
  for (const control of controls)
    for (const part of new Set(partsOf(control))) {
      const line = found.get(part) ?? { part, shares: noShares(), bad: [] };
      for (const cell of control.cells) if (cell !== undefined) line.shares[cell.status] += 1;
      if (control.row.status === 'failed' || control.row.status === 'error') line.bad.push(control);
      found.set(part, line);
    }
  return [...found.values()].toSorted((a, b) => byText(a.part, b.part));
}

interface Framework {
  id: string;
  title: string;
  column: string;
  lines: Line[];
  name: (part: string) => string;
}

function framework({ id, title, column, lines, name }: Framework): Html {
  if (lines.length === 0) return nothing;
  const rows = lines.map(({ part, shares, bad }) => {
    const all = statusOrder.reduce((sum, status) => sum + shares[status], 0);
    const anchors = new Map(bad.map(({ row, anchor }) => [row.id, anchor]));
    const links = controlLinks([...anchors.keys()], control => anchors.get(control));
    return html`<tr><th scope="row">${part} <small>${name(part)}</small></th><td class="num">${complianceText(shares)}</td>${statusOrder.map(status => count(shares[status]))}<td class="picture">${bar(shares, all)}</td><td>${links}</td></tr>
`;
  });
  const head = html`${columnHeads(column)}${numberHeads('Compliance', ...statusOrder.map(status => statusWords[status]))}<th scope="col" class="picture">Share</th>${columnHeads('Failed or errored')}`;
  return section({
    id,
    title,
    body: table({
      caption: `Control results by ${title}, from the tags of the controls`,
      head,
      rows,
      className: 'frame',
    }),
  });
}

function complianceText(shares: Shares): string {
  const row = (total: number) => ({ total });
  const { passed, failed, skipped, no_impact: noImpact, error } = shares;
  return percentText(
    toCompliance({
      passed: row(passed),
      failed: row(failed),
      skipped: row(skipped),
      no_impact: row(noImpact),
      error: row(error),
    }),
  );
}
