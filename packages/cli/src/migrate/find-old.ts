// SPDX-License-Identifier: Apache-2.0
import { parseDocument } from 'yaml';
import { oldCommands, oldNames } from './old-names.ts';

/** What a file of the old kind says: names with values, and commands. */
export interface Found {
  values: { name: string; value: string }[];
  /** Names in places where inputs stand that are none of the old ones. */
  unknown: string[];
  commands: { old: string; name: string; words: string[] }[];
}

// Where old workflows and pipelines give values; `workflow_dispatch` gives defaults.
const places = new Set(['env', 'variables', 'with', 'inputs']);
const scripts = new Set(['run', 'script', 'before_script', 'after_script']);

/** Reads a workflow, a pipeline or a script. */
export function findOld(text: string): Found {
  const found: Found = { values: [], unknown: [], commands: [] };
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
  const root = document.errors.length === 0 ? toValue(document) : undefined;
  if (isMapping(root)) walk(root, found);
  else readScript(text, found);
  return found;
}

/** Undefined for what is no YAML in the end, such as an alias of nothing: a script, then. */
function toValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function walk(value: unknown, found: Found): void {
  if (Array.isArray(value)) for (const each of value) walk(each, found);
  if (!isMapping(value)) return;
  readSafAction(value, found);
  for (const [key, inner] of Object.entries(value)) {
    if (places.has(key) && isMapping(inner) && isOurs(key, value)) readPlace(inner, found);
    if (scripts.has(key)) readScript([inner].flat().map(textOf).join('\n'), found);
    walk(inner, found);
  }
}

/** What is given to other people's actions is none of our business. */
const isOurs = (key: string, around: Record<string, unknown>) =>
  key !== 'with' || /kube-secure-scanner|^\.\//.test(textOf(around['uses']));

/** https://github.com/mitre/saf_action is given what stands behind `saf` on a command line. */
function readSafAction({ uses, with: given }: Record<string, unknown>, found: Found): void {
  if (/^mitre\/saf_action(?:@|$)/.test(textOf(uses)) && isMapping(given))
    readScript(`saf ${textOf(given['command_string'])}`, found);
}

function readPlace(place: Record<string, unknown>, found: Found): void {
  for (const [name, given] of Object.entries(place)) {
    const value = isMapping(given) ? (given['default'] ?? given['value']) : given;
    if (!oldNames.has(name)) found.unknown.push(name);
    else found.values.push({ name, value: textOf(value) });
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const word = /(?:"[^"]*"|'[^']*'|\$\{\{.*?\}\}|\$\([^)]*\)|[^\s"';|&<>])+/g;

function readScript(text: string, found: Found): void {
  for (const line of text.replaceAll(/\\\n/g, ' ').split('\n')) {
    if (/^\s*#/.test(line)) continue;
    readAssignment(line, found);
    for (const name of Object.keys(oldCommands)) {
      const at = new RegExp(`(?:^|[\\s/])${name.replaceAll('.', '\\.')}(?=\\s|$)([^;|&<>]*)`).exec(line);
      if (at === null) continue;
      const words = at[1]?.match(word) ?? [];
      found.commands.push({ old: line.trim(), name, words });
      break;
    }
  }
}

function readAssignment(line: string, found: Found): void {
  const [, name = '', value = ''] = /^\s*(?:export\s+)?([A-Za-z_]+)=("[^"]*"|'[^']*'|\S*)\s*$/.exec(line) ?? [];
  if (oldNames.has(name)) found.values.push({ name, value: value.replaceAll(/^["']|["']$/g, '') });
}
