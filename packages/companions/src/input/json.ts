// SPDX-License-Identifier: Apache-2.0

export type Parsed = { kind: 'json'; value: unknown } | { kind: 'refused'; problem: string };

/** No result of the tools that are read here nests deeper than a few dozen levels. */
const mostLevels = 256;
const tooDeep = `it is nested deeper than ${mostLevels} levels`;

/** JSON without what readers disagree about: of two equal keys one parser takes the first and one the last. */
export function parseJson(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(notJson(text));
  }
  const problem = structureProblem(text);
  return problem === undefined ? { kind: 'json', value } : refuse(problem);
}

const refuse = (problem: string): Parsed => ({ kind: 'refused', problem });

function notJson(text: string): string {
  const begin = text.trimStart();
  if (begin.startsWith('<')) return 'it is a page or XML, not JSON';
  if (!/^[{["\dtfn-]/.test(begin)) return 'it is text, not JSON';
  return 'it is not JSON: cut off, or with other text before or after it';
}

// Outside of strings nothing else matters.
const structural = /["{}[\],]/g;

/** Walks over text that is JSON, without recursion. */
function structureProblem(text: string): string | undefined {
  const levels: (Set<string> | undefined)[] = []; // the keys of an object; undefined for a list
  let expectsKey = false;
  structural.lastIndex = 0;
  for (let match = structural.exec(text); match !== null; match = structural.exec(text)) {
    const [character] = match;
    if (character === '"') {
      const end = endOfString(text, match.index);
      if (expectsKey && isRepeated(levels.at(-1), text.slice(match.index + 1, end)))
        return 'an object has the same key twice';
      expectsKey = false;
      structural.lastIndex = end + 1;
    } else if (character === ',') expectsKey = levels.at(-1) !== undefined;
    else if (character === '}' || character === ']') levels.pop();
    else if (levels.push(character === '{' ? new Set() : undefined) > mostLevels) return tooDeep;
    else expectsKey = character === '{';
  }
  return undefined;
}

function isRepeated(keys: Set<string> | undefined, raw: string): boolean {
  if (keys === undefined) return false;
  const size = keys.size;
  return keys.add(raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw).size === size;
}

/** The index of the quote that closes the string which opens at `start`; that of the last character if none does. */
export function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text[before] === '\\') before--;
    if ((at - before) % 2 === 1) return at;
  }
  return text.length - 1;
}
