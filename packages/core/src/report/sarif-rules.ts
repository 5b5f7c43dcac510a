// SPDX-License-Identifier: Apache-2.0
import type { GroupControl } from './groups.ts';
import { code, fence } from './markdown-text.ts';
import { controlText, type Row } from './rows.ts';
import { severityWords } from './severity-words.ts';
import { cut, shorten } from './text.ts';

export interface SarifRule {
  key: string;
  profile: string;
  id: string;
  body: Record<string, unknown>;
}

/** Text of a SARIF message: readers take `{0}` for a placeholder and `[a](b)` for a link. */
export function messageText(text: string, limit: number): string {
  return cut(
    shorten(text, limit)
      .replaceAll('](', '] (')
      .replaceAll(/\{(\d+)\}/g, '($1)'),
    limit + 60,
  );
}

/** One rule per control; of equal ids in several profiles the later ones name their profile. */
export function toRules(controls: GroupControl[]): SarifRule[] {
  const taken = new Set<string>();
  return controls.map(({ row }) => {
    const own = row.key === row.rawId ? row.id : shorten(row.key, 200);
    const candidates = [own, `${own} (${row.profile})`];
    const id = candidates.find(each => !taken.has(each)) ?? `${own} (${row.profile}) ${taken.size}`;
    taken.add(id);
    return { key: row.key, profile: row.profile, id, body: toBody(row, id) };
  });
}

function toBody(row: Row, id: string): Record<string, unknown> {
  const title = messageText(row.title === '' ? row.id : row.title, 1000);
  const severity = securitySeverity(row);
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: messageText(controlText(row, 'desc') || title, 1000) },
    help: { text: helpText(row, title), markdown: helpMarkdown(row, title) },
    defaultConfiguration: { level: severityWords[row.severity].sarif },
    properties: {
      ...(severity === undefined ? {} : { 'security-severity': severity }),
      tags: [...new Set(['security', 'cinc', ...row.nist])].slice(0, 10),
      precision: 'very-high',
    },
  };
}

/** A number as a text, inside the range of the severity: GitHub refuses words and shows 0.0 as an error. */
function securitySeverity({ severity, impact }: Row): string | undefined {
  if (severity === 'none') return undefined;
  const [least, most] = severityWords[severity].score;
  return Math.min(most, Math.max(least, Math.round(impact * 100) / 10)).toFixed(1);
}

const labels = ['desc', 'rationale', 'check', 'fix'] as const;
const headings = { desc: 'Description', rationale: 'Rationale', check: 'Check', fix: 'Fix' } as const;

function sections(row: Row): { heading: string; text: string }[] {
  const texts = labels.map(label => ({ heading: headings[label], text: controlText(row, label) }));
  const all = [...texts, { heading: 'References', text: references(row).join('\n') }];
  return all.filter(({ text }) => text !== '');
}

/** Only https, without credentials; anything else a profile links to is left out. */
function references(row: Row): string[] {
  const urls = row.control.refs.flatMap(({ url, uri, ref }) => [url, uri, ref]);
  return urls.flatMap(text => (typeof text === 'string' ? (safeUrl(text) ?? []) : [])).slice(0, 10);
}

function safeUrl(text: string): string | undefined {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' && url.username === '' && url.password === '';
  return isSafe && url.href.length <= 1000 ? url.href : undefined;
}

function helpText(row: Row, title: string): string {
  const parts = sections(row).map(({ heading, text }) => `${heading}\n${text}`);
  return messageText([title, ...parts].join('\n\n'), 8000);
}

function helpMarkdown(row: Row, title: string): string {
  const parts = sections(row).map(({ heading, text }) => `### ${heading}\n\n${fence(cut(text, 2500))}`);
  return [`## ${code(title)}`, ...parts].join('\n\n');
}
