// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { hint, isScanError, nearest, ScanError } from '../errors/index.ts';
import { blankAsAbsent, type Environment, readVariable } from './environment.ts';
import {
  environmentName,
  type Input,
  type InputName,
  type InputValues,
  inputNames,
  inputs,
  wholly,
} from './interface.ts';
import { type PerTarget, parsePerTarget, perTargetKey, type Values } from './per-target.ts';
import { kubeconfigContent } from './scan-request.ts';
import { Secret } from './secret.ts';

/** What one source gave, by input name: text, texts, or what YAML makes of it. */
export type Raw = Partial<Record<string, unknown>>;

export interface Sources {
  flags: Raw;
  /** What a step of a CI system was given, by name. It is no argument of a process, so that it may hold secrets. */
  step?: Raw;
  environment: Environment;
  file: { path: string; values: Raw } | undefined;
}

/** Flags or step over environment over file over defaults; every unknown name and malformed value is refused. */
export function resolveValues(sources: Sources): Values {
  const { flags, step = {}, environment, file } = sources;
  refuseUnknown(Object.keys(flags), 'the command line');
  refuseUnknown(Object.keys(step), 'the step');
  refuseSecretFlags(flags);
  if (file)
    refuseUnknown(
      Object.keys(file.values).filter(name => name !== perTargetKey),
      file.path,
    );
  const found: Record<string, unknown> = {};
  for (const name of inputNames) found[name] = parseGiven(name, sources);
  refuseUnknownEnvironment(environment);
  const perTarget = parsePerTarget(file?.values[perTargetKey], file?.path, saidOfAll(sources));
  return { ...parseValues(found), [perTargetKey]: perTarget };
}

/** What a source other than the file says of all targets, though the file may say it of some. */
function saidOfAll(sources: Sources): PerTarget['outranked'] {
  const by = (name: InputName) => {
    const given = sourcesOf(name, sources).find(({ value }) => value !== undefined);
    return given === undefined || given.isFile ? undefined : given.where;
  };
  const container = by('container') ?? by('all-containers');
  const profile = by('profile');
  return [
    ...(container === undefined ? [] : [{ option: 'container' as const, by: container }]),
    ...(profile === undefined ? [] : [{ option: 'profile' as const, by: profile }]),
  ];
}

/**
 * One input, whatever is wrong with the others, and its default where it is wrong itself: where to leave word of a run
 * that did not begin.
 */
export function resolveInput<K extends InputName>(name: K, sources: Sources): InputValues[K] {
  const parse = (): unknown => {
    try {
      return parseGiven(name, sources);
    } catch (error) {
      if (!isScanError(error)) throw error;
      return parseInput(inputs[name], undefined, name);
    }
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parseInput makes a value of the input's own type
  return parse() as InputValues[K];
}

/** In their order: the first that says something counts. */
const sourcesOf = (name: InputName, { flags, step = {}, environment, file }: Sources) => [
  { value: flags[name], where: `--${name}`, isFile: false },
  { value: blankAsAbsent(step[name]), where: name, isFile: false },
  { value: readVariable(environment, environmentName(name)), where: environmentName(name), isFile: false },
  { value: file?.values[name], where: `${name} in ${file?.path}`, isFile: true },
];

function parseGiven(name: InputName, sources: Sources): unknown {
  const given = sourcesOf(name, sources).find(({ value }) => value !== undefined);
  return parseInput(inputs[name], given?.value, given?.where ?? name);
}

/** Where an input is given, as it is spelt there; undefined where it is not. */
export const givenAs = (name: InputName, sources: Sources): string | undefined =>
  sourcesOf(name, sources).find(({ value }) => value !== undefined)?.where;

function isContent(name: InputName, text: string): boolean {
  return name === 'kubeconfig' ? /[\n{]/.test(text) || kubeconfigContent(text) !== undefined : !/^[/.]/.test(text);
}

/** Every user of a machine can read the arguments of its processes. */
function refuseSecretFlags(flags: Raw): void {
  for (const name of inputNames)
    if (inputs[name].type === 'secret' && typeof flags[name] === 'string' && isContent(name, flags[name]))
      throw new ScanError(
        'INPUT_INVALID',
        `--${name}: expected a path; content goes into ${environmentName(name)}, since arguments are not secret`,
      );
}

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
      readVariable(environment, name) !== undefined &&
      !name.startsWith('CINC_SCAN_TEST_') &&
      !known.has(name) &&
      !otherVariables.has(name),
  );
  if (unknown.length > 0)
    throw new ScanError(
      'INPUT_UNKNOWN',
      `The environment sets ${unknown.join(', ')}, which is not an input; did you mean ${unknown.map(name => nearest(name, [...known])).join(', ')}?`,
    );
}

/** The known input that was probably meant. */
export const nearestInput = (name: string, candidates: readonly string[] = inputNames): string =>
  nearest(name, candidates);

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
  if (pattern && !wholly(pattern).test(text)) throw invalid(where, pattern.means, text);
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

/** One of a list of words; what was probably meant is said with the refusal. */
export function parseChoice<T extends string>(value: unknown, choices: readonly T[], where: string): T {
  const found = choices.find(choice => choice === value);
  if (found !== undefined) return found;
  const { message } = invalid(where, `one of ${choices.join(', ')}`, value);
  throw new ScanError('INPUT_INVALID', `${message}${typeof value === 'string' ? hint(value, choices) : ''}`);
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

function parseValues(found: Record<string, unknown>): InputValues {
  const shape = z.strictObject(Object.fromEntries(inputNames.map(name => [name, z.unknown()])));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value was made by parseInput for its own type
  return shape.parse(found) as InputValues;
}
