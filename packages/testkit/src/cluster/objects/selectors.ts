// SPDX-License-Identifier: Apache-2.0
import { at, type Json } from './json.ts';
import type { KubeObject } from './objects.ts';
import { badRequest } from './status.ts';

type Labels = Record<string, string>;
export type LabelTest = (labels: Labels) => boolean;
export type ObjectTest = (object: KubeObject) => boolean;

const word = '[A-Za-z0-9./_-]+';
const equality = new RegExp(`^(${word})\\s*(==|=|!=)\\s*(${word})?$`);
const membership = new RegExp(`^(${word})\\s+(in|notin)\\s+\\(([^()]*)\\)$`);
const presence = new RegExp(`^(!?)\\s*(${word})$`);

export function parseLabelSelector(text: string): LabelTest {
  const tests = splitRequirements(text).map(parseRequirement);
  return labels => tests.every(test => test(labels));
}

function splitRequirements(text: string): string[] {
  const parts = text.split(/,(?![^(]*\))/).map(part => part.trim());
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function parseRequirement(text: string): LabelTest {
  const equal = equality.exec(text);
  if (equal !== null) return equalTo(equal[1] ?? '', equal[3] ?? '', equal[2] !== '!=');
  const member = membership.exec(text);
  if (member !== null) {
    const values = (member[3] ?? '').split(',').map(value => value.trim());
    return memberOf(member[1] ?? '', values, member[2] === 'in');
  }
  const present = presence.exec(text);
  if (present !== null) {
    const key = present[2] ?? '';
    return labels => Object.hasOwn(labels, key) === (present[1] === '');
  }
  throw badRequest(complaint(text));
}

function equalTo(key: string, value: string, wanted: boolean): LabelTest {
  return labels => (labels[key] === value) === wanted;
}

function memberOf(key: string, values: string[], wanted: boolean): LabelTest {
  return labels => values.includes(labels[key] ?? '\0') === wanted;
}

function complaint(text: string): string {
  const operator = /^(==|=|!=|\(|\))/.exec(text);
  if (operator !== null) return `found '${operator[0]}', expected: !, identifier, or 'end of string'`;
  return text === '' ? "found ',', expected: identifier after ','" : `unable to parse requirement: ${text}`;
}

export function parseFieldSelector(kind: string, text: string): ObjectTest {
  const tests = text
    .split(',')
    .filter(part => part !== '')
    .map(part => parseField(kind, part));
  return object => tests.every(test => test(object));
}

const podFields = ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase'];

function parseField(kind: string, text: string): ObjectTest {
  const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(text);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const [, field = '', operator = '', value = ''] = match;
  const known = field.startsWith('metadata.')
    ? ['metadata.name', 'metadata.namespace']
    : kind === 'Pod'
      ? podFields
      : [];
  if (!known.includes(field)) throw badRequest(unsupported(kind, field));
  return object => (toText(at(object, ...field.split('.'))) === value) === (operator !== '!=');
}

function unsupported(kind: string, field: string): string {
  return kind === 'Pod'
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function toText(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The one name that a field selector allows, as the authorizer sees it. */
export function selectedName(text: string): string {
  for (const part of text.split(',')) {
    const match = /^metadata\.name={1,2}(.+)$/.exec(part);
    if (match !== null) return match[1] ?? '';
  }
  return '';
}
