// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { ScanError } from '../errors/index.ts';
import { environmentName, type Input, type InputName, inputNames, inputs, type Values } from './interface.ts';
import { Secret } from './secret.ts';

/** What one source gave, by input name: text, texts, or what YAML makes of it. */
export type Raw = Partial<Record<string, unknown>>;

export interface Sources {
  flags: Raw;
  /** What a step of a CI system was given, by name. It is no argument of a process, so that it may hold secrets. */
  step?: Raw;
  environment: Record<string, string | undefined>;
  file: { path: string; values: Raw } | undefined;
}

/** Flags or step over environment over file over defaults; every unknown name and malformed value is refused. */
export function resolveValues({ flags, step = {}, environment, file }: Sources): Values {
  refuseUnknown(Object.keys(flags), 'the command line');
  refuseUnknown(Object.keys(step), 'the step');
  refuseSecretFlags(flags);
  if (file) refuseUnknown(Object.keys(file.values), file.path);
  const found: Record<string, unknown> = {};
  for (const name of inputNames) {
    const given = [
      { value: flags[name], where: `--${name}` },
      { value: blankAsAbsent(step[name]), where: name },
      { value: blankAsAbsent(environment[environmentName(name)]), where: environmentName(name) },
      { value: file?.values[name], where: `${name} in ${file?.path}` },
    ].find(({ value }) => value !== undefined);
    found[name] = parseInput(inputs[name], given?.value, given?.where ?? name);
  }
  refuseUnknownEnvironment(environment);
  return parseValues(found);
}

function isContent(name: InputName, text: string): boolean {
  return name === 'kubeconfig' ? /[\n{]/.test(text) : !/^[/.]/.test(text);
}

/** Every user of a machine can read the arguments of its processes. */
function refuseSecretFlags(flags: Raw): void {
  for (const name of inputNames)
    if (inputs[name].type === 'secret' && typeof flags[name] === 'string' && isContent(name, flags[name]))
      throw new ScanError(
        'INPUT_INVALID',
        `--${name}: expected a path; content goes into ${environmentName(name)}, since arguments are no secret`,
      );
}

// CI systems pass inputs that were left empty as empty variables.
export const blankAsAbsent = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

function refuseUnknown(names: string[], where: string): void {
  const unknown = names.filter(name => !inputNames.some(known => known === name));
  if (unknown.length > 0)
    throw new ScanError(
      'INPUT_UNKNOWN',
      `${where} has no input ${unknown.map(name => `"${name}"`).join(', ')}; did you mean ${unknown.map(name => nearestInput(name)).join(', ')}?`,
    );
}

// Read by other commands, tests and adapters, not by a scan.
const otherVariables = new Set([
  'CINC_SCAN_CONFIG',
  'CINC_SCAN_CACHE',
  'CINC_SCAN_VERSION',
  'CINC_SCAN_PACKAGE',
  'CINC_SCAN_INTEGRITY',
]);

function refuseUnknownEnvironment(environment: Sources['environment']): void {
  const known = new Set<string>(inputNames.map(environmentName));
  const unknown = Object.keys(environment).filter(
    name =>
      name.startsWith('CINC_SCAN_') &&
      !name.startsWith('CINC_SCAN_TEST_') &&
      !known.has(name) &&
      !otherVariables.has(name),
  );
  if (unknown.length > 0)
    throw new ScanError('INPUT_UNKNOWN', `The environment sets ${unknown.join(', ')}, which is no input`);
}

/** The known input that shares the most letter pairs with a misspelt one. */
export function nearestInput(name: string, candidates: readonly string[] = inputNames): string {
  const pairs = (text: string) =>
    new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)));
  const wanted = pairs(name);
  const score = (candidate: string) => {
    const own = pairs(candidate);
    return (2 * [...own].filter(pair => wanted.has(pair)).length) / (own.size + wanted.size);
  };
  return candidates.reduce((best, candidate) => (score(candidate) > score(best) ? candidate : best));
}

export function parseInput(input: Input, value: unknown, where: string): unknown {
  // Not `??`: a key without a value in a file is a mistake, and the default may be the weaker gate.
  const given = value === undefined ? defaultOf(input) : value;
  if (given === undefined) return undefined;
  switch (input.type) {
    case 'flag':
      return parseFlag(given, where);
    case 'list':
      return parseList(given, input.separator, where).map(item => matching(item, input, where));
    case 'duration':
      return inRange(parseDuration(given, where), input, where);
    case 'count':
      return inRange(parseCount(given, where), input, where);
    case 'choice':
      return parseChoice(given, input.choices, where);
    case 'secret':
      return new Secret(parseText(given, where));
    case 'text':
      return matching(parseText(given, where), input, where);
  }
}

function matching(text: string, { pattern }: Extract<Input, { type: 'text' | 'list' }>, where: string): string {
  if (pattern && !new RegExp(`^(?:${pattern.source})$`).test(text)) throw invalid(where, pattern.means, text);
  return text;
}

function defaultOf(input: Input): unknown {
  if ('default' in input) return input.default;
  return input.type === 'flag' ? false : input.type === 'list' ? [] : undefined;
}

const invalid = (where: string, expected: string, value: unknown) =>
  new ScanError('INPUT_INVALID', `${where}: expected ${expected}, got ${JSON.stringify(value)}`);

function parseText(value: unknown, where: string): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value.includes('\0')) throw invalid(where, 'a text', value);
  return value;
}

// The YAML 1.2 core schema's booleans, as GitHub's own toolkit reads them; `yes` and `on` are not among them.
function parseFlag(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(true|True|TRUE)$/.test(value)) return true;
  if (typeof value === 'string' && /^(false|False|FALSE)$/.test(value)) return false;
  throw invalid(where, 'true or false', value);
}

function parseList(value: unknown, separator: 'line' | 'comma', where: string): string[] {
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((item: unknown) =>
    parseText(item, where)
      .split(separator === 'line' ? /\r?\n/ : /[,\n]/)
      .map(part => part.trim())
      .filter(part => part !== ''),
  );
}

function parseChoice(value: unknown, choices: readonly string[], where: string): string {
  const found = choices.find(choice => choice === value);
  if (found === undefined) throw invalid(where, `one of ${choices.join(', ')}`, value);
  return found;
}

function parseCount(value: unknown, where: string): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw invalid(where, 'a whole number', value);
  return number;
}

function inRange(value: number, { type, min, max }: Extract<Input, { min: number }>, where: string): number {
  const unit = type === 'duration' ? 's' : '';
  if (value < min || value > max) throw invalid(where, `between ${min}${unit} and ${max}${unit}`, `${value}${unit}`);
  return value;
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** `15m`, `900s`, `1h`, `1h30m` or ISO 8601 `PT15M`, in seconds. A number without its unit is refused: 15 what? */
export function parseDuration(value: unknown, where: string): number {
  const text = typeof value === 'string' ? value.trim().toLowerCase().replace(/^pt/, '') : '';
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text)
    throw invalid(where, 'a duration with its unit, such as 15m, 900s or PT15M', value);
  return parts.reduce((sum, [, count, unit = 's']) => sum + Number(count) * (unitSeconds[unit] ?? 1), 0);
}

function parseValues(found: Record<string, unknown>): Values {
  const shape = z.strictObject(Object.fromEntries(inputNames.map(name => [name, z.unknown()])));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value was made by parseInput for its own type
  return shape.parse(found) as Values;
}
