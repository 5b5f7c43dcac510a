// SPDX-License-Identifier: Apache-2.0
// A JSON Schema as few words: `{ "name": string, "days"?: integer 1…366 }`. Names of types stand in ⟦brackets⟧ that no schema has.
import type { Schema } from './described-api.ts';

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const schemasIn = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);

export function shapeText(schema: Schema, depth = 0): string {
  const { $ref: ref, anyOf, oneOf, allOf } = schema;
  if (typeof ref === 'string') return `⟦${ref.split('/').at(-1) ?? ''}⟧`;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map(value => JSON.stringify(value)).join(' | ');
  const choices = schemasIn(anyOf ?? oneOf);
  if (choices.length > 0) return choices.map(each => shapeText(each, depth)).join(' | ');
  const together = schemasIn(allOf);
  if (together.length > 0) return together.map(each => shapeText(each, depth)).join(' and ');
  return typedText(schema, depth);
}

function typedText(schema: Schema, depth: number): string {
  const { type, items } = schema;
  if (type === 'object' || 'properties' in schema) return objectText(schema, depth);
  if (type === 'array') return `[${isSchema(items) ? shapeText(items, depth) : ''}, …]`;
  if (Array.isArray(type)) return type.map(each => shapeText({ ...schema, type: each }, depth)).join(' | ');
  return typeof type === 'string' ? `${type}${boundsText(schema)}` : 'anything';
}

function objectText({ properties, required, additionalProperties }: Schema, depth: number): string {
  const inner = '  '.repeat(depth + 1);
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = Object.entries(isSchema(properties) ? properties : {}).map(
    ([name, each]) =>
      `${inner}"${name}"${needed.has(name) ? '' : '?'}: ${isSchema(each) ? shapeText(each, depth + 1) : 'anything'}`,
  );
  if (isSchema(additionalProperties)) fields.push(`${inner}…: ${shapeText(additionalProperties, depth + 1)}`);
  return fields.length === 0 ? '{ }' : `{\n${fields.join(',\n')}\n${'  '.repeat(depth)}}`;
}

/** What is not said by the type: the bounds that are not those of the machine, the format, or else the pattern. */
function boundsText({ minimum, maximum, minLength, maxLength, format, pattern, default: usual }: Schema): string {
  const range = rangeText(minimum, maximum);
  const length = rangeText(minLength, maxLength);
  const form = typeof format === 'string' ? format : typeof pattern === 'string' ? `matching ${pattern}` : '';
  const parts = [range, length === '' ? '' : `of ${length} characters`, form];
  const preset = usual === undefined ? '' : `, ${JSON.stringify(usual)} unless given`;
  return (
    parts
      .filter(part => part !== '')
      .map(part => ` ${part}`)
      .join('') + preset
  );
}

function rangeText(least: unknown, most: unknown): string {
  const [low, high] = [least, most].map(each =>
    typeof each === 'number' && Math.abs(each) < Number.MAX_SAFE_INTEGER ? String(each) : '',
  );
  return low === '' && high === '' ? '' : `${low}…${high}`;
}
