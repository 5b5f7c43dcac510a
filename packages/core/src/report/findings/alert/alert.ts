// SPDX-License-Identifier: Apache-2.0
import { type Alert, bySeverity, type ComparedFinding, type FindingSeverity, isNew } from '../../../findings/index.ts';
import { shortLine } from '../../text.ts';
import { plural } from '../../words.ts';
import type { FindingsModel, ShownSource } from '../model.ts';
import { placeText, versionText, worstFirst } from '../tally.ts';

export interface AlertOptions {
  /** What is less severe than this is no reason to disturb anybody. */
  least: Exclude<FindingSeverity, 'unknown'>;
  unknownAs: Exclude<FindingSeverity, 'unknown'>;
  /** Sources of which it has been told already that they do not look. */
  toldLost: readonly string[];
  /** Where the whole is. */
  link: string | undefined;
}

const mostLines = 10;
const mostOfLine = 240;

/** What is new, has returned, or is not looked at any more, in ten lines; undefined if there is nothing of it. Pure. */
export function toAlert(model: FindingsModel, { least, unknownAs, toldLost, link }: AlertOptions): Alert | undefined {
  const lost = model.sources.filter(({ id, kind }) => kind === 'not-looked' && !toldLost.includes(id));
  const severityOf = ({ finding: { severity } }: ComparedFinding) => (severity === 'unknown' ? unknownAs : severity);
  const fresh = worstFirst(model.rows.filter(row => isNew(row) && bySeverity(severityOf(row), least) <= 0));
  if (lost.length + fresh.length === 0) return undefined;
  const lines = [...lost.slice(0, mostLines).map(lostLine), ...fresh.slice(0, mostLines).map(findingLine)];
  const shown = lines.slice(0, mostLines);
  return {
    run: model.run.id,
    at: model.run.at,
    scope: model.scope,
    title: inert(`cinc-scan: ${whatText(lost, fresh)} in ${model.scope}`),
    lines: shown.map(line => inert(line)),
    more: lost.length + fresh.length - shown.length,
    link,
  };
}

function whatText(lost: readonly ShownSource[], fresh: readonly ComparedFinding[]): string {
  const returned = fresh.filter(({ status }) => status === 'returned').length;
  const others = fresh.length - returned;
  return [
    others > 0 ? plural(others, 'new finding') : '',
    returned > 0 ? plural(returned, 'returned finding') : '',
    lost.length > 0 ? `${plural(lost.length, 'source')} not looked at` : '',
  ]
    .filter(Boolean)
    .join(', ');
}

const lostLine = ({ id, tool, target, problems }: ShownSource): string => {
  const [first] = problems;
  return `not looked at: ${id} (${tool} of ${target})${first === undefined ? '' : `: ${first.code}: ${first.text}`}`;
};

function findingLine({ finding, status }: ComparedFinding): string {
  const where = [finding.target, placeText(finding), versionText(finding)].filter(Boolean).join(' ');
  return `${status}, ${finding.severity}: ${finding.rule} in ${where}${finding.title === '' ? '' : `: ${finding.title}`}`;
}

/** Readers of mail and chats make links of what looks like an address: one that a scanner found is none of ours. */
const inert = (text: string): string =>
  shortLine(text.replaceAll('://', '[:]//').replaceAll(/\bwww\./gi, 'www[.]'), mostOfLine);
