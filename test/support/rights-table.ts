// SPDX-License-Identifier: Apache-2.0
import { type Asked, everyQuestion, scopes, subjects, verbs } from './every-question.ts';

const begin = '<!-- rights: generated, see below -->';
const end = '<!-- end of rights -->';

/** The answers as a table: a row for each resource, a column for each place, the allowed verbs in the cells. */
export function rightsTable(allowed: Asked[]): string {
  const cell = (text: string, scope: string) => {
    const found = allowed.filter(asked => asked.subject.text === text && asked.scope === scope);
    return found.length === 0 ? '–' : found.map(({ verb }) => `\`${verb}\``).join(', ');
  };
  const isAllowed = (text: string) => allowed.some(asked => asked.subject.text === text);
  const names = subjects.map(({ text }) => text);
  const row = (text: string) => `| \`${text}\` | ${scopes.map(scope => cell(text, scope)).join(' | ')} |`;
  const nothing = names.filter(text => !isAllowed(text)).map(text => `\`${text}\``);
  return [
    `| resource | ${scopes.join(' | ')} |`,
    `| --- |${' --- |'.repeat(scopes.length)}`,
    ...names.filter(isAllowed).map(row),
    `| each other | ${scopes.map(() => '–').join(' | ')} |`,
    '',
    `${everyQuestion.length} questions were asked: each of the verbs ${verbs.map(verb => `\`${verb}\``).join(', ')}`,
    'on each resource in each place. The others are:',
    `${nothing.join(', ')}.`,
  ].join('\n');
}

/** The part of the page that the table fills. */
export function tableIn(page: string): string {
  return page.slice(page.indexOf(begin) + begin.length, page.indexOf(end)).trim();
}

export function withTable(page: string, table: string): string {
  const [before = '', rest = ''] = page.split(begin);
  const [, after = ''] = rest.split(end);
  return `${before}${begin}\n\n${table}\n\n${end}${after}`;
}
