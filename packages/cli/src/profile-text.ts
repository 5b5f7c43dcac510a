// SPDX-License-Identifier: Apache-2.0
// A profile for people. Whatever comes from it is hostile and passes through `shortLine`.
import { type Study, shortLine } from '@cinc-scan/core';

type Row = [string, string];

/** `1 check`, `2 checks`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What `cinc-scan profile inspect` prints. */
export function renderInspection(study: Study): string {
  const parts = [facts(study), inputs(study), controls(study)];
  return parts.filter(part => part !== '').join('\n');
}

function facts({ ref, known }: Study): string {
  const rows: Row[] = [
    ['Profile', `${ref.name} ${ref.version ?? ''}`],
    ['Title', known.title ?? ''],
    ['Summary', known.summary ?? ''],
    ['Maintainer', known.maintainer ?? ''],
    ['License', known.license ?? ''],
    ['Supports', (known.supports ?? []).map(supportText).join('; ')],
    ['Source', ref.source],
    ['Commit', ref.commit ?? ''],
    ['SHA-256', ref.sha256],
    ...(ref.dependencies ?? []).map(
      ({ name, source, commit, sha256 }): Row => [
        'Depends on',
        `${name} from ${source} (${commit === undefined ? `sha256 ${sha256}` : `commit ${commit}`})`,
      ],
    ),
  ];
  return rows
    .filter(([, text]) => text.trim() !== '')
    .map(([name, text]) => `${name.padEnd(12)}${shortLine(text, 300)}\n`)
    .join('');
}

const supportText = (support: Record<string, unknown>) =>
  Object.entries(support)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');

function inputs({ known }: Study): string {
  if (known.known_inputs.length === 0) return '';
  const lines = known.known_inputs.map(({ name, type, required, sensitive, has_value, value, description }) => {
    const given = has_value ? `default ${sensitive ? '***' : JSON.stringify(value)}` : 'no value';
    const said = [type, required ? 'required' : '', given].filter(Boolean).join(', ');
    return `  ${shortLine(name, 60)} (${shortLine(said, 200)})${description ? `: ${shortLine(description, 200)}` : ''}\n`;
  });
  return `Inputs (${known.known_inputs.length}):\n${lines.join('')}`;
}

function controls({ known }: Study): string {
  const { controls: all, checks, selected } = known;
  const chosen = new Set(selected);
  const widest = Math.min(40, Math.max(0, ...all.map(({ id }) => shortLine(id, 40).length)));
  const lines = all.map(({ id, title, impact }) => {
    const left = chosen.has(id) ? '' : ' (left out by the filters)';
    const weight = `impact ${(impact ?? 0.5).toFixed(1)}, ${counted(checks[id] ?? 0, 'check')}`;
    return `  ${shortLine(id, 40).padEnd(widest)}  ${weight.padEnd(24)} ${shortLine(title ?? '', 120)}${left}\n`;
  });
  return `Controls (${all.length}):\n${lines.join('')}`;
}

/** The same for machines. */
export function toInspectionJson({ ref, known }: Study): Record<string, unknown> {
  const { title, summary, maintainer, license, supports, known_inputs: given, controls: all, checks, selected } = known;
  const chosen = new Set(selected);
  return {
    ...ref,
    version: ref.version ?? null,
    commit: ref.commit ?? null,
    dependencies: ref.dependencies ?? [],
    title: title ?? null,
    summary: summary ?? null,
    maintainer: maintainer ?? null,
    license: license ?? null,
    supports: supports ?? [],
    inputs: given.map(({ profile, name, type, required, sensitive, has_value: hasValue, value, description }) => ({
      profile,
      name,
      type,
      required,
      sensitive,
      hasValue,
      value: value ?? null,
      description: description ?? null,
    })),
    controls: all.map(({ id, title: about, impact, tags }) => ({
      id,
      title: about ?? null,
      impact: impact ?? 0.5,
      tags,
      checks: checks[id] ?? 0,
      selected: chosen.has(id),
    })),
  };
}
