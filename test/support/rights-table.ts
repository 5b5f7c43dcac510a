// SPDX-License-Identifier: Apache-2.0
import { type Asked, everyQuestion, scopes, subjects, verbs } from './every-question.ts';

const begin = (part: string) => `<!-- rights: ${part} -->`;
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
  return [
    `| resource | ${scopes.join(' | ')} |`,
    `| --- |${' --- |'.repeat(scopes.length)}`,
    ...names.filter(isAllowed).map(row),
    `| each other | ${scopes.map(() => '–').join(' | ')} |`,
  ].join('\n');
}

/** What was asked about, for the reader to see that nothing was left out. */
export function questionsText(): string {
  const list = (words: string[]) => words.map(word => `\`${word}\``).join(', ');
  return [
    `${everyQuestion.length} questions: each of the verbs ${list(verbs)}`,
    `in each of these places on each of ${list(subjects.map(({ text }) => text))}.`,
  ].join('\n');
}

/** A generated part of the page. */
export function partOf(page: string, part: string): string {
  const from = page.indexOf(begin(part)) + begin(part).length;
  return page.slice(from, page.indexOf(end, from)).trim();
}

export function withPart(page: string, part: string, text: string): string {
  const from = page.indexOf(begin(part)) + begin(part).length;
  return `${page.slice(0, from)}\n\n${text}\n\n${page.slice(page.indexOf(end, from))}`;
}
