// SPDX-License-Identifier: Apache-2.0

/** One at a time, as prepared statements take them; a body between $$ is whole. */
export function statementsOf(text: string): string[] {
  const parts = text.split('$$');
  const kept = parts.map((part, index) => (index % 2 === 1 ? `$$${part.replaceAll(';', '\0')}$$` : part)).join('');
  return kept
    .split(';')
    .map(each => each.replaceAll('\0', ';').trim())
    .filter(each => each !== '');
}
