// SPDX-License-Identifier: Apache-2.0
import { makeRedactor } from '@cinc-scan/core';

const mask = '***';
const secretName = /^--?[a-z0-9-]*(?:token|passw|secret|api-?key|credential|auth)[a-z0-9-]*(=|$)/i;

/** A call as it may be kept: without what an option of a telling name holds, and what looks like a secret anywhere. */
export function withoutSecretWords(call: readonly string[]): string[] {
  const { all } = makeRedactor([]);
  return call.map((word, index) => {
    const name = secretName.exec(word);
    if (name?.[1] === '=') return `${word.slice(0, word.indexOf('=') + 1)}${mask}`;
    const before = secretName.exec(call[index - 1] ?? '');
    if (before !== null && before[1] === '' && !word.startsWith('-')) return mask;
    return all(word);
  });
}
