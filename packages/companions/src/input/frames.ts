// SPDX-License-Identifier: Apache-2.0
import { endOfString, parseJson } from './json.ts';

/** JSON documents with lines of other text before, between and after them, as logs and several runs in a row give them. */
export type Framed = { kind: 'framed'; documents: unknown[]; lines: string[] } | { kind: 'refused'; problem: string };

// What can begin a document, and not `[INFO]`.
const opening = /[{[]\s*(?:["{[\]}\d-]|true\b|false\b|null\b|$)/y;

export function parseFrames(text: string): Framed {
  const documents: unknown[] = [];
  const lines: string[] = [];
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    opening.lastIndex = at;
    if (!opening.test(text)) {
      const end = endOfLine(text, at);
      lines.push(text.slice(at, end));
      at = end;
      continue;
    }
    const end = endOfDocument(text, at);
    if (end === undefined) return { kind: 'refused', problem: `document ${documents.length + 1} is cut off` };
    const parsed = parseJson(text.slice(at, end));
    if (parsed.kind === 'refused')
      return { kind: 'refused', problem: `document ${documents.length + 1}: ${parsed.problem}` };
    documents.push(parsed.value);
    at = end;
  }
  return { kind: 'framed', documents, lines };
}

function skipSpace(text: string, from: number): number {
  const space = /\s*/y;
  space.lastIndex = from;
  space.test(text);
  return space.lastIndex;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Behind the bracket that closes the one at `start`; undefined if none does. */
function endOfDocument(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return undefined;
}
